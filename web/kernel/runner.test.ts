import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { KeptInput } from "../display/control.ts";
import type { Display, LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { FromUser, StopToken } from "./protocol.ts";
import { Runner } from "./runner.ts";
import { StopSignal } from "./stop.ts";
import { withoutTypes } from "./types.ts";

const TOKEN: StopToken = { kind: "shared", stopped: new Int32Array(new SharedArrayBuffer(4)) };

/** A user worker without a worker: runs cells and keeps what it would send. */
class Bench {
  readonly messages: FromUser[] = [];
  progressed: (done: number, total: number) => void = () => {};
  readonly kept: Readonly<Record<string, unknown>>[] = [];
  readonly signal: StopSignal;
  readonly runner: Runner;
  #count = 0;
  #source = "";

  constructor(library: Record<string, unknown> | Promise<Record<string, unknown>> = {}) {
    this.signal = new StopSignal(TOKEN);
    const connected = Promise.resolve(library).then((names) => ({
      names: names as never,
      restored: { left: "by an earlier worker" },
      keep: (kept: Readonly<Record<string, unknown>>) => this.kept.push(kept),
      onMoved: () => {},
      onProgress: (listener: (done: number, total: number) => void) => {
        this.progressed = listener;
      },
      describe: () => undefined,
    }));
    this.runner = new Runner(this.signal, connected, (message) => {
      this.messages.push(message);
      // What the page does.
      if (message.type === "types") {
        this.runner.untyped({ type: "untyped", run: message.run, source: withoutTypes(this.#source) });
      }
    });
  }

  /** Runs a cell and gives what it showed, in order. */
  async run(source: string, cell = `cell${this.#count}`, inputs: KeptInput[] = []): Promise<Display[]> {
    const run = ++this.#count;
    this.#source = source;
    this.runner.run({ type: "run", run, cell, source, inputs });
    while (!this.done(run)) await new Promise((resolve) => setTimeout(resolve, 2));
    const shown: Display[] = [];
    for (const m of this.messages) if (m.type === "output" && m.run === run) shown[m.index] = m.display;
    return shown;
  }

  done(run = this.#count) {
    return this.messages.find((m) => m.type === "done" && m.run === run) as
      | Extract<FromUser, { type: "done" }>
      | undefined;
  }
}

const text = (display: Display | undefined) => (display?.kind === "text" ? display.text : display);

/** An error's place as text. */
function place(display: Display | undefined): string {
  if (display?.kind !== "error") return "no error";
  const frames = display.frames.map((f) => `${f.cell}:${f.line} ${f.text.trim()}`);
  return `${display.name}: ${display.message} | ${frames.join(" | ")}`;
}

describe("outputs", () => {
  test("come in the order of the calls, also when an earlier one settles later", async () => {
    const bench = new Bench();
    const shown = await bench.run(
      "display(new Promise((r) => setTimeout(r, 20, 'slow')))\ndisplay('fast', 2)\n'last'",
    );
    assert.deepEqual(shown.map(text), ["slow", "fast", "2", "'last'"]);
    assert.equal(bench.done()?.end, "ok");
  });

  test("a value shows itself by its display method", async () => {
    const table: Display = { kind: "table", columns: ["a"], rows: [[1]] };
    const bench = new Bench({ thing: { [DISPLAY]: async () => table, toString: () => "unused" } });
    assert.deepEqual(await bench.run("thing"), [table]);
  });

  test("a display method that fails is an error in its place", async () => {
    const bench = new Bench();
    const shown = await bench.run(
      "display({ [Symbol.for('gradbook.display')]() { throw new RangeError('far') } }); 1",
    );
    assert.equal(
      place(shown[0]),
      "RangeError: far | cell0:1 display({ [Symbol.for('gradbook.display')]() { throw new RangeError('far') } }); 1",
    );
    assert.equal(text(shown[1]), "1");
  });

  test("a flood of outputs is cut off", async () => {
    const shown = await new Bench().run("for (let i = 0; i < 1000; i++) display(i)");
    assert.equal(shown.length, 201);
    assert.match(String(text(shown[200])), /further outputs/);
  });

  test("a live display's points are joined, and end when its cell runs anew", async () => {
    let push: (x: number) => void = () => {};
    let ended = 0;
    const curve: LiveDisplay = {
      kind: "curve",
      id: "c",
      x: { label: "step" },
      panels: [{ label: "loss", series: [{ name: "train" }] }],
      subscribe(listener) {
        push = (x) => listener({ type: "points", points: [{ panel: 0, series: 0, x: [x], y: [x] }] });
        return () => ended++;
      },
    };
    const bench = new Bench({ plot: { [DISPLAY]: () => curve } });
    await bench.run("plot", "a");
    push(1);
    push(2);
    await new Promise((resolve) => setTimeout(resolve, 40));
    const updates = bench.messages.filter((m) => m.type === "update");
    assert.deepEqual(
      updates.map((m) => m.update),
      [{ type: "points", points: [{ panel: 0, series: 0, x: [1, 2], y: [1, 2] }] }],
    );
    await bench.run("1", "a");
    assert.equal(ended, 1);
  });
});

describe("errors know their place", () => {
  test("through functions of other cells", async () => {
    const bench = new Bench();
    await bench.run("1\nconst boom = () => {\n  throw new Error('x')\n}");
    assert.equal(
      place((await bench.run("// calls\nboom()"))[0]),
      "Error: x | cell0:3 throw new Error('x') | cell1:2 boom()",
    );
    assert.equal(bench.done()?.end, "error");
  });

  test("a rejection that knows none is at the await that met it", async () => {
    const failing = () => new Promise((_, reject) => setTimeout(() => reject(new TypeError("remote")), 1));
    const bench = new Bench({ failing });
    // The error is made by a timer of ours, whose stack has no cell in it.
    assert.equal(
      place((await bench.run("const p = failing()\n\nawait p"))[0]),
      "TypeError: remote | cell0:3 await p",
    );
    assert.equal(place((await bench.run("1\nfailing()"))[0]), "TypeError: remote | cell1:2 failing()");
  });

  test("what is thrown need not be an error", async () => {
    assert.equal(place((await new Bench().run("throw { code: 7 }"))[0]), "Thrown: { code: 7 } | ");
  });

  test("causes are told", async () => {
    const [shown] = await new Bench().run(
      "throw new Error('a', { cause: new RangeError('b', { cause: 3 }) })",
    );
    assert.deepEqual(shown?.kind === "error" && shown.causes, ["RangeError: b", "3"]);
  });

  test("a library that does not come is an error of the run", async () => {
    const bench = new Bench(Promise.reject(new Error("no wasm")));
    assert.match(place((await bench.run("1"))[0]), /^Error: no wasm/);
  });
});

describe("names", () => {
  test("the library's are seen, may be shadowed, and are no inputs of a cell", async () => {
    const bench = new Bench({ nn: { relu: () => "relu" } });
    assert.deepEqual((await bench.run("nn.relu()")).map(text), ["'relu'"]);
    assert.deepEqual(bench.done()?.uses, []);
    assert.deepEqual((await bench.run("const nn = 5; nn")).map(text), ["5"]);
    assert.deepEqual((await bench.run("nn + 1")).map(text), ["6"]);
    assert.deepEqual(bench.done()?.uses, ["nn"]);
  });

  test("a constant of another cell cannot be assigned until it is declared anew", async () => {
    const bench = new Bench();
    await bench.run("const a = 1");
    assert.match(place((await bench.run("a = 2"))[0]), /SyntaxError: Assignment to constant variable/);
    await bench.run("let a = 1");
    assert.deepEqual((await bench.run("a = 2")).map(text), ["2"]);
  });

  test("a cell may use a global's name for its own", async () => {
    const bench = new Bench();
    await bench.run("const name = 'mine', performance = { now: () => 0 }");
    assert.deepEqual((await bench.run("[name, performance.now()]")).map(text), ["['mine', 0]"]);
  });

  test("imports are the library's", async () => {
    const bench = new Bench({ tensor: 1 });
    assert.deepEqual((await bench.run("import { tensor as t } from 'gradbook'\nt")).map(text), ["1"]);
    assert.match(place((await bench.run("import { nope } from 'gradbook'"))[0]), /no export "nope".*cell1:1/);
    assert.match(place((await bench.run("import 'https://example.org/x.js'"))[0]), /There is no module/);
  });
});

test("names left by an earlier worker are there, and each run keeps what there is", async () => {
  const bench = new Bench({ nn: {} });
  assert.deepEqual((await bench.run("let mine = 1; left")).map(text), ["'by an earlier worker'"]);
  await bench.run("mine = 2; throw new Error('x')");
  const left = "by an earlier worker";
  assert.deepEqual(bench.kept, [
    { left, mine: 1 },
    { left, mine: 2 },
  ]);
});

test("after Stop nothing of a cell goes on, not even when what it waited for comes later", async () => {
  let settle: (value: string) => void = () => {};
  const bench = new Bench({ slow: () => new Promise((resolve) => (settle = resolve)) });
  const stopped = bench.run(
    "let kept = 1\nconst later = async () => (await 0, 'still works')\nawait slow()\nkept = 2\ndisplay('never')",
  );
  await new Promise((resolve) => setTimeout(resolve, 10));
  bench.signal.receive(1, TOKEN);
  assert.equal(place((await stopped)[0]), "Stopped: The run was stopped. | ");
  assert.equal(bench.done()?.end, "stopped");
  const next = bench.run("await new Promise((r) => setTimeout(r, 20))\n;[kept, await later()]");
  settle("too late");
  assert.deepEqual((await next).map(text), ["[1, 'still works']"]);
});

describe("inputs", () => {
  const controls = (shown: Display[]) => shown.map((display) => display.kind === "input" && display.control);

  test("are drawn where they are made, once", async () => {
    const bench = new Bench();
    const shown = await bench.run(
      "const lr = input.slider({ label: 'rate', min: 1e-4, scale: 'log', value: 0.1 })\ndisplay('text', lr)\nlr",
    );
    assert.deepEqual(controls(shown), [
      { type: "slider", label: "rate", min: 1e-4, max: 1, scale: "log", value: 0.1 },
      false,
    ]);
    assert.deepEqual((await bench.run("lr")).map(text), ["rate: 0.1"]);
  });

  test("count as their values, which other cells read and none sets", async () => {
    const bench = new Bench();
    await bench.run(
      "const n = input.number({ value: 3 }), on = input.checkbox(), word = input.text({ value: 'a' }), kind = input.choice({ options: { one: [1], two: [2] } })",
    );
    assert.deepEqual((await bench.run("[n * 2, n.value, word + '!', on.value, kind.value]")).map(text), [
      "[6, 3, 'a!', false, [1]]",
    ]);
    assert.match(
      place((await bench.run("n.value = 9"))[0]),
      /TypeError: The input "number" is the reader's to set/,
    );
  });

  test("bring what the reader sets, and a run tells what it read in which version", async () => {
    const bench = new Bench();
    const [shown] = await bench.run("const n = input.number({ label: 'n', min: 0 }), m = input.number()");
    const id = shown?.kind === "input" ? (shown.id ?? "") : "";
    assert.deepEqual(bench.done()?.reads, []);
    assert.deepEqual((await bench.run("n.value")).map(text), ["0"]);
    assert.deepEqual(bench.done()?.reads, [[id, 0]]);
    bench.runner.set({ type: "input", id, version: 1, value: 5 });
    assert.deepEqual((await bench.run("n + 1")).map(text), ["6"]);
    assert.deepEqual(bench.done()?.reads, [[id, 1]]);
    const run = bench.run(
      "const before = n.value; await new Promise((r) => setTimeout(r, 30)); [before, n.value]",
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
    bench.runner.set({ type: "input", id, version: 2, value: 7 });
    assert.deepEqual((await run).map(text), ["[5, 7]"]);
    assert.deepEqual(bench.done()?.reads, [[id, 2]]);
  });

  test("begin with what the reader set before, if the description is the same", async () => {
    const bench = new Bench();
    const source =
      "const a = input.slider({ label: 'a' }), b = input.slider({ label: 'b' }); [a.value, b.value]";
    const control = { type: "slider", label: "b", min: 0, max: 1, scale: "linear", value: 0 } as const;
    const shown = await bench.run(source, "cell", [{ control, value: 0.25 }]);
    assert.equal(text(shown[2]), "[0, 0.25]");
    const others = await bench.run(source, "cell", [{ control: { ...control, max: 2 }, value: 0.25 }]);
    assert.equal(text(others[2]), "[0, 0]");
  });

  test("that cannot be are refused with the reason, and so is a flood", async () => {
    const bench = new Bench();
    const fault = async (source: string) => place((await bench.run(source)).at(-1)).split(" | ")[0];
    assert.equal(
      await fault("input.slider({ min: 2 })"),
      "RangeError: input.slider: min is 2, max is 1; min must be below max",
    );
    assert.equal(
      await fault("input.slider({ min: 0, scale: 'log' })"),
      "RangeError: input.slider: min is 0; a logarithmic scale begins above 0",
    );
    assert.equal(
      await fault("input.number({ value: NaN })"),
      "RangeError: input.number: value is NaN; it must be a number within ±1000000000000000",
    );
    assert.equal(
      await fault("input.choice({ options: ['a'], value: 'b' })"),
      "RangeError: input.choice: value must be one of the options",
    );
    assert.equal(
      await fault("for (let i = 0; ; i++) input.checkbox()"),
      "RangeError: input.checkbox: a cell can have 50 inputs",
    );
  });
});

test("progress is told at most once a frame, and the last step always", async () => {
  const bench = new Bench();
  await bench.run("1");
  for (let i = 1; i <= 1000; i++) bench.progressed(i, 1000);
  const told = bench.messages.filter((message) => message.type === "progress");
  assert.ok(told.length < 500, `${told.length} messages`);
  assert.deepEqual(told.at(-1), { type: "progress", run: 1, done: 1000, total: 1000 });
});

test("a cell may have types, and an error in it is where it was written", async () => {
  const bench = new Bench();
  assert.deepEqual(
    (await bench.run("interface A { x: number }\nconst a: A = { x: 1 as number }\na.x")).map(text),
    ["1"],
  );
  const [error] = await bench.run("const b: number = 1\nlet c: any; c.missing.deeper", "typed");
  assert.match(place(error), /typed:2 let c: any; c\.missing\.deeper/);
  const [wrong] = await bench.run("const = 1");
  assert.match(place(wrong), /^SyntaxError/);
});
