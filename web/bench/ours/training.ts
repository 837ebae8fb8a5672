// Training steps, each one compiled program: parameters and optimiser are state that it changes in place.

import type { Compiled, Gradbook, Optimizer, Tensor, Variable } from "../../api/index.ts";
import { type Batch, imageShape, NOISE, oneHot } from "../batches.ts";
import type { Trainer } from "../contender.ts";
import { BATCH, LSTM, type ModelName, type Param, RULES, type Rule } from "../specs.ts";
import { discriminator, generator, lenet, lstm, mlp, resnet, type Weights } from "./networks.ts";

/** A network's weights as variables. */
interface State {
  value: Weights;
  /** Those whose names begin so. */
  named(start: string): Variable[];
}

type Step = Compiled<[x: Tensor, y: Tensor], Tensor>;

/** Training of a network from these weights on these batches. */
export async function trainer(
  g: Gradbook,
  model: ModelName,
  params: readonly Param[],
  batches: readonly Batch[],
): Promise<Trainer> {
  const step = STEPS[model](g, state(g, params));
  const data = batches.map((batch) => DATA[model](g, batch));
  await Promise.all(data.flat().map((tensor) => tensor.evaluate()));
  let loss: Tensor | undefined;
  return {
    async step(i) {
      loss = await step(...(data[i % data.length] as [Tensor, Tensor]));
    },
    loss: async () => (loss ? loss.item() : Number.NaN),
  };
}

function state(g: Gradbook, params: readonly Param[]): State {
  const variables = new Map(params.map(({ name, data, shape }) => [name, g.variable(g.tensor(data, shape))]));
  return {
    value(name) {
      const variable = variables.get(name);
      if (!variable) throw new Error(`there is no weight ${name}`);
      return variable.value;
    },
    named: (start) =>
      [...variables].filter(([name]) => name.startsWith(start)).map(([, variable]) => variable),
  };
}

function optimizer({ optim }: Gradbook, rule: Rule): Optimizer {
  switch (rule.kind) {
    case "adam":
      return optim.adam({ lr: rule.lr, betas: rule.betas, eps: rule.eps });
    case "momentum":
      return optim.sgd({ lr: rule.lr, momentum: rule.momentum });
    case "sgd":
      return optim.sgd({ lr: rule.lr });
  }
}

const STEPS: Record<ModelName, (g: Gradbook, state: State) => Step> = {
  mlp: (g, state) => classifier(g, state, "mlp", mlp),
  lenet: (g, state) => classifier(g, state, "lenet", lenet),
  resnet: (g, state) => classifier(g, state, "resnet", resnet),
  dcgan: adversaries,
  lstm: recurrent,
};

function classifier(
  g: Gradbook,
  state: State,
  model: ModelName,
  network: (w: Weights, x: Tensor) => Tensor,
): Step {
  const rule = optimizer(g, RULES[model]);
  const weights = state.named("");
  return g.compile((x: Tensor, y: Tensor) => {
    const loss = g.losses.crossEntropy(network(state.value, x), y);
    rule.minimize(loss, weights);
    return loss;
  });
}

/** A step of the discriminator, then one of the generator against the new discriminator. */
function adversaries(g: Gradbook, state: State): Step {
  const [judge, forger] = [optimizer(g, RULES.dcgan), optimizer(g, RULES.dcgan)];
  const real = (images: Tensor) => discriminator(state.value, images).neg().softplus().mean();
  const fake = (images: Tensor) => discriminator(state.value, images).softplus().mean();
  return g.compile((x: Tensor, z: Tensor) => {
    const forged = generator(g, state.value, z);
    const caught = real(x).add(fake(forged.detach()));
    judge.minimize(caught, state.named("d"));
    const fooled = real(forged);
    forger.minimize(fooled, state.named("g"));
    return caught.add(fooled);
  });
}

/** The state after a batch is the one before the next. */
function recurrent(g: Gradbook, state: State): Step {
  const rule = optimizer(g, RULES.lstm);
  const weights = state.named("");
  const memory = [0, 1].map(() => g.variable(g.zeros([BATCH.lstm, LSTM.hidden]))) as [Variable, Variable];
  return g.compile((x: Tensor, y: Tensor) => {
    const after = lstm(g, state.value, x, [memory[0].value, memory[1].value]);
    const loss = g.losses.crossEntropy(after.scores, y);
    rule.minimize(loss, weights);
    memory.forEach((variable, i) => {
      variable.assign(after.state[i] as Tensor);
    });
    return loss;
  });
}

/** What a step takes of a batch. */
const DATA: Record<ModelName, (g: Gradbook, batch: Batch) => [Tensor, Tensor]> = {
  mlp: (g, batch) => [g.tensor(batch.x, [BATCH.mlp, 784]), g.tensor(batch.y)],
  lenet: (g, batch) => [imagesOf(g, "lenet", batch), g.tensor(batch.y)],
  resnet: (g, batch) => [imagesOf(g, "resnet", batch), g.tensor(batch.y)],
  dcgan: (g, batch) => [
    imagesOf(g, "dcgan", batch),
    g.tensor(batch.z ?? new Float32Array(), [BATCH.dcgan, NOISE]),
  ],
  lstm: (g, { x, y }) => [g.tensor(oneHot(x, LSTM.symbols), [x.length, LSTM.symbols]), g.tensor(y)],
};

function imagesOf(g: Gradbook, model: ModelName, { x }: Batch): Tensor {
  return g.tensor(x, [BATCH[model], ...imageShape(model)]);
}
