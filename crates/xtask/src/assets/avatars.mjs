// Draws the avatars of one style: `node avatars.mjs STYLE COUNT OPTIONS`, beside the `node_modules` that has the styles. Prints a
// line of JSON for each: what it shows, and the drawing as SVG.

import { createAvatar } from "@dicebear/core";

const [style, count, options] = process.argv.slice(2);
const drawn = await import(`@dicebear/${style}`);
for (let seed = 0; seed < Number(count); seed++) {
  const avatar = createAvatar(drawn, { ...JSON.parse(options), seed: String(seed) });
  console.log(JSON.stringify({ shows: avatar.toJson().extra, svg: avatar.toString() }));
}
