// Scenes drawn where data sets are loaded: the parts come from the built-in sets, the drawing from the module for files.

import type { CollectionFile } from "./collections.ts";
import { idxBytes, idxText } from "./idx.ts";
import type { SceneRequest } from "./scene-request.ts";
import { readSceneRequest } from "./scene-request.ts";
import { filesModule } from "./tensor-files.ts";

interface Drawn {
  images: Uint8Array;
  boxes: Int32Array;
  classes: Int32Array;
  angles: Int32Array;
  masks: Int32Array;
}

/**
 * Draws what a request asks for, as the files of a collection: `images`, `boxes`, `labels`, `angles`, `masks`, `classes`.
 * `load` loads a built-in collection. Errors: the request makes no sense; a file does not load.
 */
export async function drawScenes(
  base: URL,
  what: string,
  load: (name: string) => Promise<CollectionFile[]>,
): Promise<CollectionFile[]> {
  const request = readSceneRequest(what);
  const [module, sprites, grounds] = await Promise.all([
    filesModule(base),
    spritesOf(request, load),
    request.on === "photos" ? photos(load) : [],
  ]);
  const { count, size, objects, sides, turn, centred, seed } = request;
  const [, most] = objects;
  const drawn = module.drawScenes(
    Uint32Array.of(count, size, ...objects, ...sides, turn, Number(centred), seed),
    sprites.colours,
    sprites.alpha,
    Uint32Array.from(sprites.chosen, ([sprite]) => sprite),
    Int32Array.from(sprites.chosen, ([, label]) => label),
    grounds,
  ) as Drawn;
  const isGrey = request.of === "digits" && request.on === "black";
  return [
    [
      "images",
      idxBytes([count, isGrey ? 1 : 3, size, size], isGrey ? onePlane(drawn.images, size) : drawn.images),
    ],
    ["boxes", idxBytes([count, most, 4], drawn.boxes)],
    ["labels", idxBytes([count, most], drawn.classes)],
    ["angles", idxBytes([count, most], drawn.angles)],
    ["masks", idxBytes([count, size, size], drawn.masks)],
    ["classes", idxText(sprites.classes.join("\n"))],
  ];
}

/** The files by their labels, as they are stored. */
async function filesOf(
  name: string,
  load: (name: string) => Promise<CollectionFile[]>,
): Promise<Map<string, Uint8Array>> {
  const files = await load(name);
  return new Map(files.flatMap(([label, bytes]) => (bytes instanceof Uint8Array ? [[label, bytes]] : [])));
}

interface SpriteFiles {
  colours: Uint8Array | undefined;
  alpha: Uint8Array;
  chosen: [sprite: number, label: number][];
  classes: string[];
}

async function spritesOf(
  request: SceneRequest,
  load: (name: string) => Promise<CollectionFile[]>,
): Promise<SpriteFiles> {
  if (request.of === "digits") {
    const files = await filesOf("mnist", load);
    const labels = need(files, "train.labels").subarray(IDX_LIST);
    return {
      colours: undefined,
      alpha: need(files, "train.images"),
      chosen: Array.from(labels, (label, digit) => [digit, label]),
      classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    };
  }
  const files = await filesOf("emoji", load);
  const names = new TextDecoder().decode(need(files, "both.names").subarray(IDX_LIST)).split("\n");
  const chosen = request.classes.map((name, label): [number, number] => {
    const sprite = names.indexOf(name);
    if (sprite < 0)
      throw new Error(`there is no emoji called ${name}; (await data.emoji()).names has all names`);
    return [sprite, label];
  });
  const style = request.style;
  return {
    colours: need(files, `${style}.images`),
    alpha: need(files, `${style}.alpha`),
    chosen,
    classes: [...request.classes],
  };
}

/** Where the elements of an IDX file of one axis begin. */
const IDX_LIST = 8;

async function photos(load: (name: string) => Promise<CollectionFile[]>): Promise<Uint8Array[]> {
  const files = [...(await filesOf("photos", load))];
  // By name, so that their order is not that of a list that may change.
  return files
    .filter(([label]) => label.endsWith(".images") && !label.startsWith("camera"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, bytes]) => bytes);
}

/** The first of three equal planes. */
function onePlane(images: Uint8Array, size: number): Uint8Array {
  const plane = size * size;
  const grey = new Uint8Array(images.length / 3);
  for (let at = 0; at < grey.length; at += plane) grey.set(images.subarray(3 * at, 3 * at + plane), at);
  return grey;
}

function need(files: Map<string, Uint8Array>, label: string): Uint8Array {
  const bytes = files.get(label);
  if (!bytes) throw new Error(`there is no ${label}; reload the page`);
  return bytes;
}
