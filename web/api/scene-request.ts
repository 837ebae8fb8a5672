// A wish for scenes as the name of a collection: what the API sends and what draws them reads. It comes from code that we did not write.

/** What scenes are wanted. */
export interface SceneRequest {
  of: "emoji" | "digits";
  on: "photos" | "black";
  style: "noto" | "twemoji";
  /** Names of emoji. */
  classes: string[];
  count: number;
  size: number;
  objects: [fewest: number, most: number];
  sides: [least: number, greatest: number];
  turn: number;
  centred: boolean;
  seed: number;
}

const SCENES = "scenes:";
const MOST_CLASSES = 1000;

/** The name; each time it is asked for, scenes are drawn anew. */
export function sceneName(request: SceneRequest): string {
  return `${SCENES}${JSON.stringify(request)}`;
}

/** Whether a collection is one of scenes. */
export function areScenes(what: string): boolean {
  return what.startsWith(SCENES);
}

/** What a name says. Errors: it makes no sense. */
export function readSceneRequest(what: string): SceneRequest {
  const request = JSON.parse(what.slice(SCENES.length)) as Record<keyof SceneRequest, unknown>;
  const isWhole = (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
  const isPair = (value: unknown) => Array.isArray(value) && value.length === 2 && value.every(isWhole);
  const { of, on, style, classes, count, size, objects, sides, turn, centred, seed } = request;
  const isSound =
    (of === "emoji" || of === "digits") &&
    (on === "photos" || on === "black") &&
    (style === "noto" || style === "twemoji") &&
    Array.isArray(classes) &&
    classes.length <= MOST_CLASSES &&
    classes.every((name) => typeof name === "string") &&
    [count, size, turn, seed].every(isWhole) &&
    isPair(objects) &&
    isPair(sides) &&
    typeof centred === "boolean";
  if (!isSound) throw new Error("these scenes make no sense");
  return request as unknown as SceneRequest;
}
