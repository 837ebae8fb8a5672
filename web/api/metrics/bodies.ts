// All that `metrics` does, in one part that is loaded when one of them is called first.

export { confusionMatrix, perClass } from "./confusion.ts";
export { curves } from "./curves.ts";
export { epochFigures } from "./epochs.ts";
export { counted, regression, scoredFigure } from "./figures.ts";
export { leakage } from "./leakage.ts";
export { groupFolds, learningCurve, nested } from "./protocol.ts";
export { reliability } from "./reliability.ts";
export { report } from "./report.ts";
export { slices, worstMistakes } from "./slices.ts";
export { delong, mcnemar } from "./tests.ts";
