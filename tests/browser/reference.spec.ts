// The reference notebooks, all cells of each on the CPU, and of some that train on WebGPU: no cell has an error, and each row of the
// course's list shows what it should. What is asserted can be worked out by hand, or follows from a seed with a wide margin.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import type { CurveDisplay, Display } from "../../web/display/schema.ts";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const MINUTES = 60_000;

/** Chapters of small networks, whose kernels a software adapter compiles in seconds. */
const ON_WEBGPU = ["2", "3", "4", "6"];

/** What the cells of a notebook show. */
class Shown {
  private constructor(private readonly cells: Record<string, { text: string; displays: Display[] }>) {}

  static async of(page: Page): Promise<Shown> {
    return new Shown(
      await page.evaluate(() => {
        interface View extends HTMLElement {
          cell: { id: string; type: string; outputs: { display: Display }[] };
        }
        const views = [...document.querySelectorAll<View>("gradbook-cell-view")];
        const code = views.filter(({ cell }) => cell.type === "code");
        return Object.fromEntries(
          code.map((view) => {
            const text = view.querySelector<HTMLElement>(".cell-outputs")?.innerText ?? "";
            return [view.cell.id, { text, displays: view.cell.outputs.map(({ display }) => display) }];
          }),
        );
      }),
    );
  }

  text(id: string): string {
    return this.#cell(id).text;
  }

  /** The numbers that a pattern finds. */
  numbers(id: string, pattern: RegExp): number[] {
    const found = pattern.exec(this.text(id));
    assert.ok(found, `${id} does not show ${pattern}: ${this.text(id)}`);
    return found.slice(1).map((text) => Number(text.replaceAll(",", "")));
  }

  /** The displays of one kind. */
  kind<K extends Display["kind"]>(id: string, kind: K): Extract<Display, { kind: K }>[] {
    return this.#cell(id).displays.filter((display) => display.kind === kind) as Extract<
      Display,
      { kind: K }
    >[];
  }

  /** How many images each grid has. */
  images(id: string): number[] {
    return this.kind(id, "images").map(({ count }) => count);
  }

  /** The values of a line of the cell's curve number `at`, in panel 0. */
  line(id: string, name: string, at = 0): { x: number[]; y: number[] } {
    const curve = this.kind(id, "curve")[at] as CurveDisplay;
    const series = curve.panels[0]?.series.findIndex((one) => one.name === name);
    const points = (curve.points ?? []).filter((part) => part.panel === 0 && part.series === series);
    assert.ok(points.length > 0, `${id} has no line ${name}`);
    return { x: points.flatMap(({ x }) => x), y: points.flatMap(({ y }) => y) };
  }

  /** The value of a line where its x is this. */
  at(id: string, name: string, x: number, plot = 0): number {
    const line = this.line(id, name, plot);
    const place = line.x.findIndex((value) => Math.abs(value - x) < 1e-6);
    assert.ok(place >= 0, `${id}: ${name} has no value at ${x}`);
    return line.y[place] as number;
  }

  #cell(id: string) {
    const cell = this.cells[id];
    assert.ok(cell, `there is no cell ${id}`);
    return cell;
  }
}

type Check = (shown: Shown) => void;

const CHECKS: Record<string, Record<string, Check>> = {
  1: {
    "1.2": (s) => {
      // 784 · 128 + 128 + 128 · 10 + 10, and 512 · 512 · 3 · 128 + 128.
      assert.match(s.text("fcn"), /total\s+101770/);
      assert.match(s.text("fcn"), /100,663,424 parameters/);
    },
    "1.3": (s) => {
      const [known, unseen] = s.numbers("gap", /300 (\S+), on unseen digits (\S+):/) as [number, number];
      assert.ok(known < 0.05 && unseen > 0.5, `${known}, ${unseen}`);
      assert.equal(s.kind("gap", "curve")[0]?.panels[0]?.series.length, 2);
    },
    "1.5": (s) => {
      const [apart, right] = s.numbers("linear", /: (\S+) apart; (\S+) %/) as [number, number];
      assert.ok(apart < 1e-3 && right > 80, `${apart}, ${right}`);
      assert.deepEqual(s.images("linear"), [10]);
    },
    "1.6": (s) => {
      for (const [name, value, slope] of [
        ["identity", 2, 1],
        ["sigmoid", 1 / (1 + Math.exp(-2)), 0.10499],
        ["ReLU", 2, 1],
        ["tanh", Math.tanh(2), 1 - Math.tanh(2) ** 2],
        ["sine", Math.sin(2), Math.cos(2)],
      ] as const) {
        near(s.at("activations", name, 2), value, 1e-4);
        near(s.at("activations", name, 2, 1), slope, 1e-4);
      }
      near(s.at("activations", "leaky ReLU", -2), -0.2, 1e-6);
      near(s.at("activations", "PReLU", -2, 1), 0.25, 1e-6);
      assert.match(s.text("at-zero"), /ReLU, usual\s+0\.0\s+0\.0\s+1\.0/);
      assert.match(s.text("at-zero"), /ReLU, course\s+0\.0\s+1\.0\s+1\.0/);
      assert.match(s.text("at-zero"), /leaky, usual\s+0\.1\s+0\.1\s+1\.0/);
      assert.match(s.text("at-zero"), /leaky, course\s+0\.1\s+1\.0\s+1\.0/);
      near(s.numbers("prelu", /learnt: (\S+)/)[0], 0.3, 0.02);
    },
    "1.7": (s) => {
      near(s.numbers("forward", /fcn\.forward: (\S+)/)[0], 0, 1e-3);
      assert.match(s.text("stable"), /as printed\s+NaN\s+NaN\s+NaN/);
      assert.match(s.text("stable"), /shifted\s+0\s+0\s+1/);
      assert.match(s.text("stable"), /log-softmax\s+-130\s+-129\s+0/);
    },
  },
  2: {
    "2.1": (s) => {
      near(s.at("cross-entropy", "y = 1: −log ŷ", 0.5), Math.log(2), 1e-4);
      // ln(1 + e^−2) + ln(1 + e^−1) + ln(1 + e^0.5), and a third of it.
      assert.match(s.text("cross-entropy"), /probabilities:\s+1\.4142\d[\s\S]*logits:\s+0\.4714/);
      assert.match(s.text("cross-entropy"), /from logits 200\s+as printed\s+Infinity/);
      assert.match(s.text("categorical"), /none.*0\.06588.*1\.349.*0\.6931/);
      assert.match(s.text("regression"), /l1\s+sum 5\.5\s+mean 1\.8333\s+mse\s+sum 17\.25\s+mean 5\.7500/);
      assert.match(s.text("regression"), /hinge\s+sum 4\.5\s+mean 1\.5000/);
      near(s.at("focal", "γ = 2", 0.5), 0.25 * Math.log(2), 1e-4);
      assert.match(s.text("focal"), /cross-entropy 0\.1054 , γ = 2 0\.00105/);
    },
    "2.2": (s) => {
      const [mine, loss] = s.numbers("descent", /by hand: (\d+) steps, loss (\S+)/) as [number, number];
      const [theirs, same] = s.numbers("descent", /by fit:\s+(\d+) steps, loss (\S+)/) as [number, number];
      assert.ok(mine > 20 && mine < 500 && Math.abs(mine - theirs) <= 2, `${mine}, ${theirs}`);
      near(loss, same, 0.002);
    },
    "2.3": (s) => {
      const loss = (size: number) =>
        s.numbers("stochastic", new RegExp(`of ${size}\\s+(\\d+) steps, loss (\\S+)`));
      assert.deepEqual([loss(1797)[0], loss(256)[0], loss(32)[0]], [10, 80, 570]);
      assert.ok(Number(loss(32)[1]) < Number(loss(256)[1]) && Number(loss(256)[1]) < Number(loss(1797)[1]));
    },
    "2.4": (s) => {
      // a = σ(0.5) = 0.6225; 2 (a − 1) a (1 − a) = −0.1774, times the sample [2, 1].
      assert.match(s.text("backprop"), /by hand -0\.1774 , here -0\.1774/);
      assert.match(s.text("backprop"), /sample: -0\.3549, -0\.1774/);
      assert.equal(s.kind("backprop", "graph").length, 1);
      assert.ok((s.kind("backprop", "table")[0]?.rows.length ?? 0) >= 5);
      const [slope, measured] = s.numbers("through-layers", /gradient (\S+), measured (\S+)/) as [
        number,
        number,
      ];
      assert.ok(
        Math.abs(slope) > 0.01 && Math.abs(slope - measured) < 0.05 * Math.abs(slope),
        `${slope}, ${measured}`,
      );
    },
  },
  3: {
    "3.1": (s) => {
      assert.match(s.text("schedules"), /step \(19\)\s+1\.0000\s+1\.0000\s+0\.5000\s+0\.2500\s+0\.1250/);
      // 1/√25, 1/√26, 1/√51 and 1/√100.
      assert.match(s.text("schedules"), /η₀\/tᵅ \(20\)\s+1\.0000\s+0\.2000\s+0\.1961\s+0\.1400\s+0\.1000/);
      assert.match(s.text("schedules"), /polynomial, usual\s+1\.0000\s+0\.5776\s+0\.5625\s+0\.2500/);
      assert.match(s.text("schedules"), /cosine\s+1\.0000\s+0\.8645\s+0\.8536\s+0\.5000/);
      const [constant, cosine, last] = s.numbers(
        "scheduled",
        /constant (\S+), cosine (\S+); its last rate (\S+)/,
      );
      assert.ok(Number(last) < 1e-4 && Number(constant) < 1 && Number(cosine) < 0.15, s.text("scheduled"));
      const [found] = s.numbers("range", /falls fastest at (\S+)/) as [number];
      assert.ok(found > 0.01 && found < 5, `${found}`);
    },
    "3.2": (s) => {
      const apart = [...s.text("decay").matchAll(/last two are (\S+) apart/g)].map(([, text]) =>
        Number(text),
      );
      assert.ok(apart.length === 2 && (apart[0] ?? 1) < 1e-4 && (apart[1] ?? 0) > 0.05, s.text("decay"));
    },
    "3.3": (s) => {
      const end = (name: string) => s.numbers("valley", new RegExp(`${name}: (\\S+) from`))[0] as number;
      for (const name of ["momentum 0.8", "Nesterov, usual", "Nesterov, course"])
        assert.ok(end(name) < 0.1 && end("plain") > 0.5, s.text("valley"));
      const [same] = s.numbers("forms", /constant rate: the two forms are (\S+)/) as [number];
      const [other] = s.numbers("forms", /10 steps:\s+(\S+) apart/) as [number];
      assert.ok(same < 1e-4 && other > 0.1, s.text("forms"));
    },
    "3.4": (s) => {
      assert.deepEqual(s.images("rmsprop"), [4]);
      const end = (name: string) => s.numbers("rmsprop", new RegExp(`${name}: (\\S+) from`))[0] as number;
      // In the valley that is made round the way is straight; with one norm for all it is the gradient's.
      assert.ok(end("RMSProp, each entry") < 0.2 && end("course: one norm") > 0.5, s.text("rmsprop"));
    },
    "3.5": (s) => {
      assert.equal(s.kind("adam", "curve")[0]?.panels[0]?.series.length, 5);
      // By the formulas: 2 − 0.1, and 2 (1 − 0.1 · 0.01).
      assert.match(s.text("adam"), /Adam\s+makes of 2 with no gradient 1\.9000\s+AdamW.*1\.9980/);
    },
    "3.6": (s) => {
      assert.match(s.text("clipping"), /by norm 1:\s+\['0\.600', '-0\.800'\]/);
      assert.match(s.text("clipping"), /by norm 10:\s+\['3\.000', '-4\.000'\]/);
      assert.match(s.text("clipping"), /by value 2:\s+\['2\.000', '-2\.000'\]/);
      assert.match(s.text("clipping"), /\n(0\.050 ?){10}/);
      assert.match(s.text("fault"), /training stopped in epoch 1.*layer 2 \(function\).*log: .* NaN/s);
    },
  },
  4: {
    4: (s) => {
      assert.equal(s.kind("sliders", "input").length, 13);
      const [loss, right] = s.numbers("experiment", /after 4 epochs: validation loss (\S+), (\S+) %/) as [
        number,
        number,
      ];
      assert.ok(loss < 0.5 && right > 88, s.text("experiment"));
      assert.equal(s.kind("sweep", "table")[0]?.rows.length, 8);
      assert.match(s.text("sweep-plot"), /best: lr 10\^-[234], batches of/);
      assert.equal(s.kind("sweep-plot", "curve")[0]?.panels[0]?.series.length, 2);
    },
  },
  5: {
    "5.1": (s) => {
      assert.match(s.text("normalise"), /mean 0\.49\d 0\.48\d 0\.44\d, deviation/);
      assert.match(s.text("normalise"), /mean 0\.000 0\.000 0\.000, deviation 1\.000 1\.000 1\.000/);
      near(s.numbers("normalise", /data set: (\S+) apart/)[0], 0, 1e-5);
      assert.deepEqual(s.images("sizes"), [4]);
      const [small, large] = s.numbers("larger", /28 × 28 (\S+) % , 40 × 40 (\S+) %/) as [number, number];
      assert.ok(small > 75 && large > 50, s.text("larger"));
      assert.match(s.text("larger"), /flatten \+ dense: layer 7 \(dense\)/);
    },
    "5.2": (s) => {
      assert.deepEqual([s.images("geometry"), s.images("colour")], [[54], [36]]);
      const [, turned] = s.kind("truth", "images");
      assert.ok((turned?.boxes?.length ?? 0) >= 4 && turned?.masks?.some((thing) => thing > 0));
      const [five] = s.numbers("truth", /third:(?: \S+){5} (\S+)/) as [number];
      assert.ok(five > 0.5 && five < 1, s.text("truth"));
      near(s.numbers("truth", /noise of 0\.2: (\S+)/)[0], 0.18, 0.02);
      const sound = (name: string) => s.line("sound", name).y;
      assert.notDeepEqual(sound("as spoken"), sound("another speed"));
      assert.notDeepEqual(sound("as spoken"), sound("another pitch"));
      const [one, eight] = s.numbers("views", /one view (\S+) %, eight views (\S+) %/) as [number, number];
      assert.ok(one > 85 && eight > 85, s.text("views"));
    },
    "5.3": (s) => {
      for (const [init, sigma] of [
        ["xavierCourse", 0.05],
        ["xavierNormal", 0.0632],
        ["heNormal", 0.0707],
        ["orthogonal", 0.05],
      ] as const)
        near(s.numbers("start", new RegExp(`${init}\\s+deviation (\\S+),`))[0], sigma, 0.001);
      near(s.numbers("start", /but for (\S+)/)[0], 0, 1e-4);
      const widths = (name: string) =>
        s.numbers("variances", new RegExp(`${name}\\s+from .* become (\\S+) times`))[0] as number;
      // Nine layers of ReLU: He keeps the width, Xavier loses half of the variance in each.
      assert.ok(widths("He") > 0.3 && widths("He") < 3, s.text("variances"));
      assert.ok(
        widths("Xavier") < 0.2 && widths("σ = 0.02") < 1e-4 && widths("σ = 0.3") > 100,
        s.text("variances"),
      );
      assert.equal(s.kind("variances", "curve")[0]?.panels.length, 2);
    },
    "5.4": (s) => {
      assert.match(s.text("standardise"), /plain\s+: weights times 50 make the outputs 50\.0/);
      assert.match(s.text("standardise"), /standardised: weights times 50 make the outputs (1\.00|0\.99)/);
    },
  },
  6: {
    "6.1–6.2": (s) => {
      const zero = (name: string) =>
        s.numbers(
          "penalties",
          new RegExp(
            `${name}.*\\n\\s+near 0: (\\S+) % of layer 1, (\\S+) % of layer 3; norm of layer 1: (\\S+)`,
          ),
        ) as [number, number, number];
      const [none, lasso, ridge, first] = [
        "no penalty",
        "lasso, all",
        "ridge, all",
        "lasso, first layer only",
      ].map(zero);
      assert.ok(none && lasso && ridge && first);
      assert.ok(
        none[0] < 5 && lasso[0] > 30 && lasso[1] > 10 && ridge[2] < none[2] / 1.5,
        s.text("penalties"),
      );
      assert.ok(first[0] > 30 && first[1] < 5, s.text("penalties"));
      near(s.numbers("ridge-decay", /weight: (\S+)/)[0], 0, 1e-4);
    },
    "6.3": (s) => {
      const [usual, usualScale] = s.numbers(
        "dropout",
        /dropout, p = 0\.2\s+training:\s+(\S+) % are 0, the others (\S+);/,
      ) as [number, number];
      const [course, courseScale] = s.numbers(
        "dropout",
        /course, p = 0\.2\s+training:\s+(\S+) % are 0, the others (\S+);/,
      ) as [number, number];
      near(usual, 20, 2);
      near(course, 80, 2);
      assert.deepEqual([usualScale, courseScale], [1.25, 5]);
      assert.equal(s.text("dropout").match(/testing: 100\.0 % are as they were/g)?.length, 3);
    },
    "6.4": (s) => {
      assert.match(s.text("stopping"), /fixed: 10 epochs\s+10 epochs/);
      const [loss] = s.numbers("stopping", /changes by less than 0\.02\s+(\d+) epochs/) as [number];
      assert.ok(loss > 2 && loss < 200, `${loss}`);
      const [epochs, restored, now, least] = s.numbers(
        "stopping",
        /patience 3\s+(\d+) epochs.*weights of epoch (\d+), validation loss (\S+), the least was (\S+)/,
      ) as [number, number, number, number];
      assert.equal(epochs, restored + 3);
      near(now, least, 1e-3);
    },
    "6.5": (s) => {
      assert.equal(s.text("folds").match(/480 to learn from, 120 held back/g)?.length, 5);
      const alone = s.numbers("ensemble", /alone (\S+) %, (\S+) %, (\S+) %, (\S+) %, (\S+) %/);
      const [together] = s.numbers("ensemble", /together (\S+) %/) as [number];
      assert.ok(together > alone.reduce((sum, one) => sum + one) / 5, s.text("ensemble"));
      const few = s.numbers("more", /50: (\S+) %.*1200: (\S+) %/) as [number, number];
      assert.ok(few[1] > few[0] + 5, s.text("more"));
    },
  },
  7: {
    "7.1": (s) => {
      assert.match(s.text("counting"), /786,432 inputs: dense 50,331,712 parameters, convolution 1,792/);
    },
    "7.2–7.4": (s) => {
      assert.deepEqual([s.images("classical"), s.images("padding")], [[8], [6]]);
      assert.match(s.text("padding"), /valid 82 × 82\s+same\s+96 × 96\s+full\s+110 × 110/);
      assert.match(s.text("stride"), /stride 2\s+output 32 × 32 × 32\s+weights\s+4608, sees 3 × 3/);
      assert.match(s.text("stride"), /dilation 4\s+output 32 × 64 × 64\s+weights\s+4608, sees 9 × 9/);
      assert.match(s.text("stride"), /16 groups.*weights\s+288/);
      const [raw, smooth] = ["loudness", "smoothed by conv1d"].map((name) =>
        Math.max(...s.line("signals", name).y),
      );
      assert.ok(smooth !== undefined && raw !== undefined && smooth > 0 && smooth < raw, `${smooth}, ${raw}`);
    },
    "7.5": (s) => {
      assert.match(s.text("pooling"), /max\s+4\s+8\s+4\s+1\s+average\s+2\.5\s+6\.5\s+1\s+1\s/);
      assert.match(s.text("pooling"), /global average\s+2\.75\s+global max\s+8/);
      const change = (name: string) =>
        s.numbers("shift", new RegExp(`${name}\\s+changes by (\\S+) %`))[0] as number;
      assert.ok(change("no pooling") > change("max 4 × 4") && change("max 4 × 4") > change("global average"));
    },
    "7.6": (s) => {
      // By hand: each filter of 3 adds 2 times the strides before it.
      for (const [k, field] of [5, 7, 11, 15, 23, 31].entries())
        assert.match(
          s.text("field"),
          new RegExp(`layer ${k + 1},.* R = ${field} by eq\\. 31, ${field} by the summary`),
        );
      assert.equal(s.kind("field", "overlay").length, 1);
      assert.deepEqual(s.images("field"), [6]);
    },
    "7.7": (s) => {
      assert.match(s.text("sizes"), /28 becomes 4 × 4 , by hand 4/);
      assert.equal(s.kind("sizes", "table")[0]?.rows.length, 4);
      // (((1 · 2 + 2) · 2 + 2) · 2 + 2) · 2 + 2 = 46.
      assert.match(s.text("sizes"), /smallest input that fits.*46/);
    },
    "7.8": (s) => {
      const [gap, right] = s.numbers("heads", /global average pooling\s+(\d+) parameters, (\S+) %/) as [
        number,
        number,
      ];
      const [dense, more] = s.numbers("heads", /flatten \+ dense\s+(\d+) parameters, (\S+) %/) as [
        number,
        number,
      ];
      // By hand: 160 + 4640 + 330, and 160 + 4640 + 15690.
      assert.deepEqual([gap, dense], [5130, 20490]);
      assert.ok(right > 30 && more > 80, s.text("heads"));
    },
  },
  8: {
    "8.3": (s) => {
      // By hand: 256 · 512 · 9, and 256 · 9 + 256 · 512.
      assert.match(s.text("separable"), /256 → 512: 1179648 weights, separable 133376: 8\.8 times fewer/);
    },
    "8.4": (s) => {
      assert.match(s.text("batch-norm"), /by the batch:\s+mean 0\.000, deviation 1\.000/);
      // (5 − 0.5)/√(0.9 + 0.1 · 4) after one step, 0 after many.
      near(s.numbers("batch-norm", /one step:\s+mean (\S+),/)[0], 3.95, 0.15);
      near(s.numbers("batch-norm", /sixty more:\s+mean (\S+),/)[0], 0, 0.05);
      const means = (which: string) =>
        s.numbers("batch-norm", new RegExp(`${which}:\\s+(\\S+) (\\S+) (\\S+)`));
      for (const [i, mean] of means("recomputed over another set").entries())
        near(mean - (means("running means of the channels")[i] ?? 0), 1, 0.05);
      const last = (name: string) => s.line("with-norm", name).y.at(-1) as number;
      assert.ok(last("batch normalisation") > last("nothing") + 5, s.text("with-norm"));
    },
    "8.5": (s) => {
      const [apart, right] = s.numbers("group-norm", /batch of 64: (\S+) apart; (\S+) %/) as [number, number];
      assert.ok(apart < 1e-3 && right > 65, s.text("group-norm"));
    },
    "8.6": (s) => {
      assert.match(s.text("fine-tuning"), /frozen weights have changed by 0\n/);
      const [tuned, scratch] = s.numbers("fine-tuning", /fine-tuned (\S+) %, from scratch (\S+) %/) as [
        number,
        number,
      ];
      assert.ok(tuned > 55 && tuned > scratch + 8, s.text("fine-tuning"));
    },
    "8.7": (s) => {
      const row = (name: string) =>
        s.numbers("distillation", new RegExp(`${name}\\s+(\\S+) % right, .* on (\\S+) %`)) as [
          number,
          number,
        ];
      assert.ok(row("student taught")[1] > row("student alone")[1], s.text("distillation"));
      assert.ok(row("student taught")[0] > 75 && row("teacher")[0] > 80, s.text("distillation"));
    },
    "8.8": (s) => {
      const [right, error] = s.numbers("tasks", /(\S+) % of the digits, angles wrong by (\S+)°/) as [
        number,
        number,
      ];
      // Whoever guesses is right in 10 %, and wrong by 22.5°.
      assert.ok(right > 65 && error < 16, s.text("tasks"));
    },
  },
  9: {
    9: (s) => {
      assert.match(s.text("residual"), /with the way around\s+output like the input: true, gradient 1\s/);
      assert.match(s.text("residual"), /without\s+output like the input: false, gradient 0\s/);
      assert.match(s.text("dense-block"), /16 channels in, 4 layers of 12: 64 channels out/);
      const [skips] = s.numbers("deep", /with skips training loss (\S+),/) as [number];
      const [plain] = s.numbers("deep", /without\s+training loss (\S+),/) as [number];
      assert.ok(skips < plain - 0.3, s.text("deep"));
      const ratio = (name: string) =>
        s.numbers("depth", new RegExp(`${name}.* a ratio of (\\S+)`))[0] as number;
      assert.ok(ratio("without") < ratio("with skips") / 5, s.text("depth"));
      const panels = s.kind("live-norms", "curve")[0]?.panels ?? [];
      assert.equal(panels.length, 3);
    },
  },
  10: {
    "10.1–10.5": (s) => {
      for (const [part, count] of [
        ["train", 2100],
        ["validation", 450],
        ["test", 450],
      ])
        assert.match(s.text("split"), new RegExp(`${part}\\s+${count} digits`));
      assert.match(s.text("leakage"), /2 pairs are identical/);
      assert.equal(s.text("folds").match(/, 0 on both sides/g)?.length, 4);
      assert.equal(s.kind("nested", "table")[0]?.rows.length, 3);
      const weak = /weak light\s+as it is\s+(\S+) .*\s+image by image (\S+)/;
      const [plain, alike] = s.numbers("external", weak) as [number, number];
      assert.ok(plain < 0.6 && alike > 0.85, s.text("external"));
      const sizes = s.line("size", "validation").y;
      assert.ok((sizes.at(-1) ?? 0) > (sizes[0] ?? 0) + 10, `${sizes}`);
      assert.match(s.text("locked"), /was opened before \(report\).*reopen\("why"\).*\nopened by report/s);
      const [report] = s.kind("report", "report");
      assert.match(
        report?.sections[0]?.text.join("\n") ?? "",
        /The test set is locked, and was opened once, by report/,
      );
      assert.ok((report?.sections.length ?? 0) >= 9);
    },
    "10.6": (s) => {
      const [matrix] = s.kind("matrix", "confusion");
      assert.equal(
        matrix?.counts.reduce((sum, count) => sum + count),
        450,
      );
      assert.ok((matrix?.samples?.cells.length ?? 0) > 50);
      const [precision, recall, specificity] = s.numbers(
        "classes",
        /by hand: precision (\S+), recall (\S+), specificity (\S+)/,
      );
      const nine =
        s.kind("classes", "table")[0]?.rows[9]?.map((cell) => Number.parseFloat(String(cell))) ?? [];
      assert.deepEqual(nine.slice(2, 5), [precision, recall, specificity]);
      const [never, balanced] = s.numbers(
        "rare",
        /never a nine\s+Accuracy (\S+) .*\s+Balanced accuracy (\S+)/,
      ) as [number, number];
      near(never, 0.95, 0.001);
      assert.equal(balanced, 0.5);
      assert.match(s.text("better"), /McNemar: accuracy of the first less.*DeLong: AUC of the first less/s);
    },
    "10.7–10.10": (s) => {
      const [byHand] = s.numbers("areas", /AUC by hand: (\S+) of/);
      const [auc] = s.numbers("areas", /rocAuc: (\S+);/);
      assert.equal(auc, byHand);
      assert.equal(s.kind("areas", "thresholds")[0]?.curves.length, 10);
      assert.deepEqual(s.kind("curves", "thresholds")[0]?.panels, ["roc", "precisionRecall"]);
      assert.equal(s.kind("reliability", "reliability").length, 1);
    },
  },
};

test("every row has a check", () => {
  const rows = JSON.parse(readFileSync("tests/course-rows.json", "utf8")) as string[];
  const checked = Object.values(CHECKS).flatMap((checks) => Object.keys(checks));
  assert.deepEqual(checked.sort(), rows.sort());
});

for (const [chapter, checks] of Object.entries(CHECKS)) {
  for (const device of ON_WEBGPU.includes(chapter) ? ["CPU", "WebGPU"] : ["CPU"]) {
    test(`chapter ${chapter} runs from top to bottom on ${device}`, async () => {
      await visit(`${sites.isolated}?notebook=reference/${chapter}`, async ({ page }) => {
        await NotebookPage.of(page);
        await page.getByLabel("Device").selectOption(device);
        await page.getByRole("button", { name: "Run all" }).click();
        await page.locator(".bar-button.is-stop:not(:disabled)").waitFor();
        await page.locator(".bar-button.is-stop:disabled").waitFor({ timeout: 10 * MINUTES });
        assert.match(await page.locator(".status-name").innerText(), new RegExp(`^${device}`));
        await picture(page, `reference-${chapter}-${device}`);
        assert.deepEqual(await page.locator(".error-output").allInnerTexts(), []);
        const shown = await Shown.of(page);
        const failed: string[] = [];
        for (const [row, check] of Object.entries(checks)) {
          try {
            check(shown);
          } catch (error) {
            failed.push(`row ${row}: ${(error as Error).message}`);
          }
        }
        assert.deepEqual(failed, []);
      });
    });
  }
}

test("the contents lead to a chapter, and a moved slider runs the live cell again", async () => {
  await visit(`${sites.plain}?notebook=reference`, async ({ page }) => {
    await page.getByRole("link", { name: "4 Hyper-parameters" }).click();
    await page.locator('gradbook-cell-view[data-cell="sliders"]').waitFor();
    await page.getByLabel("Device").selectOption("CPU");
    const notebook = await NotebookPage.of(page);
    for (const id of ["sliders", "experiment"])
      await notebook.run(page.locator(`gradbook-cell-view[data-cell="${id}"]`));
    const output = page.locator('gradbook-cell-view[data-cell="experiment"] .cell-outputs');
    await output.getByText("after 4 epochs").waitFor();
    const slider = page.getByRole("slider", { name: "epochs" });
    for (const key of ["ArrowLeft", "ArrowLeft"]) await slider.press(key);
    await output.getByText("after 2 epochs").waitFor();
  });
});

function near(value: number | undefined, expected: number, margin: number): void {
  assert.ok(value !== undefined && Math.abs(value - expected) <= margin, `${value} is not ${expected}`);
}
