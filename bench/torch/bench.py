"""PyTorch on the CPU: the same workloads natively, as what could be reached. Prints a result for each as a line of JSON."""

import argparse
import json
import os
import time

import numpy as np

start = time.perf_counter()
import torch
import torch.nn.functional as F

STARTED_MS = (time.perf_counter() - start) * 1e3

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--workloads", required=True)
parser.add_argument("--ms", type=float, default=500)
args = parser.parse_args()
torch.set_num_threads(args.threads)
with open(os.path.join(args.data, "models.json")) as file:
    MODELS = json.load(file)

NETWORKS = {"W3": "mlp", "W4": "lenet", "W5": "resnet", "W6": "dcgan", "W7": "lstm"}
IMAGES = {"mlp": (784,), "lenet": (1, 28, 28), "resnet": (3, 32, 32), "dcgan": (1, 28, 28)}
BLOCKS = 5
# How many times --ms something runs before it is measured (web/bench/measure.ts counts the first tries in).
WARM = 4
MOST_REPEATS = 20000


def load(name, shape, kind="<f4"):
    values = np.fromfile(os.path.join(args.data, f"{name}.bin"), dtype=kind)
    return torch.from_numpy(values).reshape(shape)


def params(model):
    return {name: load(f"{model}.{name}", shape).requires_grad_(True) for name, shape in MODELS[model]["params"]}


def measure(run):
    """Milliseconds and processor milliseconds of one repetition, for each block."""
    block = 3 * args.ms / BLOCKS
    times, took = 1, 0.0
    while True:
        start = time.perf_counter()
        run(times)
        took = (time.perf_counter() - start) * 1e3
        if took > block / 5 or times >= MOST_REPEATS:
            break
        times = min(MOST_REPEATS, max(times * 2, int(times * block / 4 / max(took, 0.05))))
    end = time.perf_counter() + WARM * args.ms / 1e3
    while time.perf_counter() < end:
        start = time.perf_counter()
        run(times)
        took = (time.perf_counter() - start) * 1e3
    repeats = max(1, min(MOST_REPEATS, round(times * block / max(took, 0.01))))
    wall, cpu = [], []
    for _ in range(BLOCKS):
        before, start = time.process_time(), time.perf_counter()
        run(repeats)
        wall.append((time.perf_counter() - start) * 1e3 / repeats)
        cpu.append((time.process_time() - before) * 1e3 / repeats)
    return wall, cpu


def mlp(p, x):
    hidden = F.relu(torch.addmm(p["b1"], x.flatten(1), p["w1"]))
    return torch.addmm(p["b2"], hidden, p["w2"])


def lenet(p, x):
    h = F.max_pool2d(F.relu(F.conv2d(x, p["c1"], p["cb1"], padding=1)), 2)
    return mlp(p, F.max_pool2d(F.relu(F.conv2d(h, p["c2"], p["cb2"], padding=1)), 2))


def resnet(p, x):
    def layer(x, prefix, index, stride, padding):
        weight = p["conv0" if index == 0 else f"{prefix}c{index}"]
        y = F.conv2d(x, weight, stride=stride, padding=padding)
        return F.batch_norm(y, None, None, p[f"{prefix}g{index}"], p[f"{prefix}be{index}"], True, 0.1, 1e-5)

    h = F.relu(layer(x, "", 0, 1, 1))
    for stage in range(3):
        for block in range(2):
            name = f"s{stage}b{block}"
            stride = 2 if stage > 0 and block == 0 else 1
            y = layer(F.relu(layer(h, name, 1, stride, 1)), name, 2, 1, 1)
            h = F.relu(y + (layer(h, name, 3, 2, 0) if stride == 2 else h))
    return torch.addmm(p["db"], h.mean((2, 3)), p["d"])


def generator(p, z):
    h = F.relu(torch.addmm(p["gdb"], z, p["gd"])).reshape(-1, 64, 7, 7)
    h = F.relu(F.conv_transpose2d(h, p["gt1"], p["gb1"], stride=2, padding=1))
    return torch.tanh(F.conv_transpose2d(h, p["gt2"], p["gb2"], stride=2, padding=1))


def discriminator(p, x):
    h = F.leaky_relu(F.conv2d(x, p["dc1"], p["db1"], stride=2, padding=1), 0.2)
    h = F.leaky_relu(F.conv2d(h, p["dc2"], p["db2"], stride=2, padding=1), 0.2)
    return torch.addmm(p["ddb"], h.flatten(1), p["dd"])


def optimizer(parameters, rule):
    if rule["kind"] == "sgd":
        return torch.optim.SGD(parameters, lr=rule["lr"])
    if rule["kind"] == "momentum":
        return torch.optim.SGD(parameters, lr=rule["lr"], momentum=rule["momentum"])
    return torch.optim.Adam(parameters, lr=rule["lr"], betas=rule["betas"], eps=rule["eps"], foreach=True)


class Trainer:
    """Training of a network: `step(i)`, and the loss of the last one."""

    def __init__(self, model):
        self.model, self.rule, self.samples = model, MODELS[model]["rule"], MODELS[model]["batch"]
        self.params = params(model)
        make = {"lstm": self.recurrent, "dcgan": self.adversaries}.get(model, self.classifier)
        self.run, self.data = make(), [self.batch(i) for i in range(8)]

    def step(self, i):
        self.last = self.run(*self.data[i % 8])

    def loss(self):
        return self.last.item()

    def batch(self, i):
        name = f"{self.model}.batch{i}"
        if self.model == "lstm":
            symbols = load(f"{name}.x", (32, 32), "<i4").long()
            return F.one_hot(symbols, 64).float(), load(f"{name}.y", (1024,), "<i4").long()
        images = load(f"{name}.x", (self.samples, *IMAGES[self.model]))
        if self.model == "dcgan":
            return images, load(f"{name}.z", (self.samples, 64))
        return images, load(f"{name}.y", (self.samples,), "<i4").long()

    def classifier(self):
        network = {"mlp": mlp, "lenet": lenet, "resnet": resnet}[self.model]
        rule = optimizer(list(self.params.values()), self.rule)

        def step(x, y):
            loss = F.cross_entropy(network(self.params, x), y)
            rule.zero_grad()
            loss.backward()
            rule.step()
            return loss

        return step

    def adversaries(self):
        p = self.params
        forger = optimizer([p[name] for name in p if name[0] == "g"], self.rule)
        judge = optimizer([p[name] for name in p if name[0] == "d"], self.rule)

        def step(x, z):
            with torch.no_grad():
                forged = generator(p, z)
            caught = F.softplus(-discriminator(p, x)).mean() + F.softplus(discriminator(p, forged)).mean()
            judge.zero_grad()
            caught.backward()
            judge.step()
            fooled = F.softplus(-discriminator(p, generator(p, z))).mean()
            forger.zero_grad()
            fooled.backward()
            forger.step()
            return caught.detach() + fooled.detach()

        return step

    def recurrent(self):
        p = self.params
        net = torch.nn.LSTM(64, 128)
        with torch.no_grad():
            net.weight_ih_l0.copy_(p["wx"].t())
            net.weight_hh_l0.copy_(p["wh"].t())
            net.bias_ih_l0.copy_(p["b"])
            net.bias_hh_l0.zero_()
        # It has two biases, and both are learnt: its losses differ a little from the second step on.
        rule = optimizer([*net.parameters(), p["wo"], p["bo"]], self.rule)
        state = [torch.zeros(1, 32, 128), torch.zeros(1, 32, 128)]

        def step(x, y):
            outputs, (h, c) = net(x, tuple(state))
            loss = F.cross_entropy(torch.addmm(p["bo"], outputs.reshape(1024, 128), p["wo"]), y)
            rule.zero_grad()
            loss.backward()
            rule.step()
            state[:] = h.detach(), c.detach()
            return loss

        return step


def matmul(result):
    for n in (64, 128, 256, 512, 1024):
        a, b, out = load(f"matrix{n}.a", (n, n)), load(f"matrix{n}.b", (n, n)), torch.empty(n, n)

        def run(times):
            for _ in range(times):
                torch.mm(a, b, out=out)

        wall, _ = measure(run)
        add(result, f"{n} × {n}", "GFLOP/s", [2 * n**3 / ms / 1e6 for ms in wall])


def convolution(result):
    x, w, dy = load("conv.x", (32, 16, 28, 28)), load("conv.w", (32, 16, 3, 3)), load("conv.dy", (32, 32, 28, 28))
    flop = 2 * 32 * 32 * 28 * 28 * 16 * 9

    def forward(times):
        with torch.no_grad():
            for _ in range(times):
                y = F.conv2d(x, w, padding=1)
        return y

    inputs = x.clone().requires_grad_(True), w.clone().requires_grad_(True)

    def both(times):
        for _ in range(times):
            gradients = torch.autograd.grad(F.conv2d(*inputs, padding=1), inputs, dy)
        return gradients

    result["checks"] = [values.flatten()[0].item() for values in (forward(1), *both(1))]
    add(result, "forward", "GFLOP/s", [flop / ms / 1e6 for ms in measure(forward)[0]])
    add(result, "forward and gradients", "GFLOP/s", [3 * flop / ms / 1e6 for ms in measure(both)[0]])


def train(result, model):
    start = time.perf_counter()
    trainer = Trainer(model)
    trainer.step(0)
    result["checks"].append(trainer.loss())
    add(result, "first step", "ms", [(time.perf_counter() - start) * 1e3])
    done = 1
    for until in (2, 4):
        for done in range(done, until):
            trainer.step(done)
        done += 1
        result["checks"].append(trainer.loss())
    at = [done]

    def run(times):
        for _ in range(times):
            trainer.step(at[0])
            at[0] += 1
        trainer.loss()

    wall, cpu = measure(run)
    add(result, "training", "steps/s", [1e3 / ms for ms in wall])
    add(result, "processor time of a step", "ms", cpu)


def sample():
    weights = {name: value.detach() for name, value in params("lenet").items()}
    x = load("lenet.batch0.x", (64, 1, 28, 28))[:1]
    return weights, x, int(load("lenet.batch0.y", (64,), "<i4")[0])


def saliency(result):
    p, x, label = sample()
    shares = ((torch.arange(50.0) + 0.5) / 50).reshape(50, 1, 1, 1)

    def slopes(images):
        images.requires_grad_(True)
        return torch.autograd.grad(lenet(p, images)[:, label].sum(), images)[0]

    def gradient(times):
        for _ in range(times):
            values = slopes(x.clone()).numpy()
        return values

    def integrated(times):
        for _ in range(times):
            values = (slopes(x * shares).mean(0) * x[0]).numpy()
        return values

    result["checks"] = [float(abs(gradient(1)).sum()), float(abs(integrated(1)).sum())]
    add(result, "saliency", "ms", measure(gradient)[0])
    add(result, "integrated gradients", "ms", measure(integrated)[0])


def infer(result):
    p, x, _ = sample()

    def run(times):
        with torch.inference_mode():
            for _ in range(times):
                scores = lenet(p, x).tolist()
        return scores

    result["checks"] = run(1)[0][:3]
    add(result, "one image", "ms", measure(run)[0])


def resident_mib():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))


def remember(result):
    trainer = Trainer("lenet")
    for step in range(1000):
        trainer.step(step)
        if step + 1 in (100, 1000):
            trainer.loss()
            add(result, f"after {step + 1} steps", "MiB", [resident_mib()])


def add(result, name, unit, values):
    result["metrics"].append({"name": name, "unit": unit, "values": values})


WORK = {"W1": matmul, "W2": convolution, "W8": saliency, "W9": infer, "W11": remember}
info = {"library": "torch", "version": torch.__version__, "threads": torch.get_num_threads()}
for name in args.workloads.split(","):
    result = {"workload": name, "info": info, "metrics": [], "checks": [], "errors": []}
    add(result, "start", "ms", [STARTED_MS])
    try:
        if name in NETWORKS:
            train(result, NETWORKS[name])
        else:
            WORK[name](result)
    except Exception as error:
        result["errors"].append(repr(error)[:400])
    print(json.dumps(result), flush=True)
