//! The plain objects in the words of TypeScript.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
export type Method =
  | "wilson" | "clopperPearson" | "normal" | "bootstrap" | "jackknife" | "mover" | "combined"
  | "delong" | "logitDelong" | "newcombe" | "studentT" | "logit";
export type Average = "macro" | "micro" | "weighted" | "linear" | "quadratic";
export type Interpolation = "none" | "trapezoid" | "allPoints" | "elevenPoint" | "coco101";

/** How sure figures are to be told. Without a method the one that holds for the sample is chosen. */
export interface Certainty { level?: number; method?: Method; resamples?: number; seed?: number }

export interface Metric {
  name: string;
  title: string;
  direction: "higher" | "lower";
  unit: "share" | "agreement" | "nats" | "target" | "targetSquared";
}

/** `methodName` is how people write it; `note` what to bear in mind, such as why another method was passed over. */
export interface Interval {
  low: number;
  high: number;
  level: number;
  method: Method;
  methodName: string;
  note: string | null;
}

/** Without a value `because` says why; with one, why it is a convention. `text` is all of it in a line. */
export interface Measure {
  metric: Metric;
  value: number | null;
  because: string | null;
  interval: Interval | null;
  n: number;
  text: string;
}

/** Why there is nothing else. */
export interface Undefined { because: string }

export interface Figures { precision: Measure; recall: Measure; specificity: Measure; f1: Measure }

export interface ClassFigures {
  n: number;
  accuracy: Measure;
  balancedAccuracy: Measure;
  cohenKappa: Measure;
  matthewsCorrcoef: Measure;
  macro: Figures;
  micro: Figures;
  weighted: Figures;
  perClass: (Figures & { support: number; predicted: number; tp: number; fp: number; fn: number; tn: number })[];
}

export interface Mean { value: number | null; because: string | null; interval: Interval | null; n: number; deviation: number | null }

export interface Regression {
  meanAbsoluteError: Measure;
  meanSquaredError: Measure;
  rootMeanSquaredError: Measure;
  r2: Measure;
}

/** Thresholds fall; the first is Infinity. */
export interface RocCurve { fpr: number[]; tpr: number[]; thresholds: number[] }

/** A point more than thresholds: the first is recall 0, precision 1. */
export interface PrCurve { recall: number[]; precision: number[]; thresholds: number[] }

export interface Rates { value: (number | null)[]; low: (number | null)[]; high: (number | null)[] }

export interface OperatingPoints {
  thresholds: number[];
  tp: number[];
  fp: number[];
  fn: number[];
  tn: number[];
  accuracy: Rates;
  precision: Rates;
  recall: Rates;
  specificity: Rates;
  f1: Rates;
}

export interface Bin {
  above: number;
  to: number;
  count: number;
  accuracy: number;
  confidence: number;
  interval: Interval | null;
}

export interface Reliability { error: Measure; largest: Measure; bins: Bin[] }

export interface McNemar {
  onlyFirst: number;
  onlySecond: number;
  both: number;
  neither: number;
  pValue: number;
  chiSquared: number;
  difference: number;
  interval: Interval;
  n: number;
}

export interface DelongTest {
  difference: number;
  interval: Interval | null;
  z: number | null;
  pValue: number | null;
  n: number;
}

export interface Duplicate { first: number; second: number; similarity: number; equal: boolean }

/** `found` pairs in all, `equal` of them in every pixel; `images` of the second set are in a pair. */
export interface Duplicates { pairs: Duplicate[]; found: number; equal: number; images: number }
"#;
