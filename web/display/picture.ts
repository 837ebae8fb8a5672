// An image file from a saved notebook. SVG stays an image: its scripts and links are dead.

import type { PictureDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

export const pictureView: View<PictureDisplay> = {
  text: ({ text }) => text,

  render(host, { mime, base64, text }) {
    const image = append(host, "img", "picture-output");
    image.alt = text;
    image.src = `data:${mime};base64,${base64.replace(/\s/g, "")}`;
    return undefined;
  },

  picture: async ({ mime, base64 }) => ({ mime: mime as "image/png", base64 }),
};
