// WGSL of the limits.

const lines = (count, line) => Array.from({ length: count }, (_, i) => line(i)).join("\n");

/** Chains of multiply-adds in registers. */
export const arithmetic = {
  threads: 4096 * 4,
  flop: (type) => arithmetic.threads * 500 * 4 * 8 * 2 * (type === "vec4f" ? 4 : 1),
  shader(type) {
    const chains = 8;
    const sum = Array.from({ length: chains }, (_, i) => `a${i}`).join(" + ");
    return `
      @group(0) @binding(0) var<storage, read_write> output: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        let seed = f32(id.x) * 1e-6;
        let factor = ${type}(0.999999 - seed * 1e-9);
        let summand = ${type}(seed);
        ${lines(chains, (i) => `var a${i} = ${type}(seed + ${i}.0);`)}
        for (var i = 0u; i < 500u; i++) {
          ${lines(4, () => lines(chains, (i) => `a${i} = fma(a${i}, factor, summand);`))}
        }
        let sum = ${sum};
        output[id.x] = ${type === "vec4f" ? "dot(sum, vec4f(1.0))" : "sum"};
      }`;
  },
};

/** y = x / 2 + y: 12 bytes an element. */
export const stream = {
  elements: 1 << 24,
  groups: [256, (1 << 24) / 4 / 65536],
  shader: `
    @group(0) @binding(0) var<storage, read> x: array<vec4f>;
    @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
    @compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u) {
      let i = id.x + id.y * 65536u;
      y[i] = fma(x[i], vec4f(0.5), y[i]);
    }`,
};

/** Next to nothing. */
export const touch = `
  @group(0) @binding(0) var<storage, read_write> output: array<f32>;
  @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
    output[id.x] += 1.0;
  }`;

/** Matrix products: what each thread makes, and from where it reads. */
export const matmulKernels = {
  "4 × 4 from memory": { rows: 4, columns: 4, body: fromMemory },
  "8 × 4 from memory": { rows: 8, columns: 4, body: fromMemory },
  "8 × 8 from memory": { rows: 8, columns: 8, body: fromMemory },
  "4 × 4 from shared tiles": { rows: 4, columns: 4, body: fromTiles },
};

/** The shader of a kernel for n × n, and how many groups of 8 × 8 threads it takes. */
export function matmul(name, n) {
  const { rows, columns, body } = matmulKernels[name];
  const code = `
    @group(0) @binding(0) var<storage, read> a: array<vec4f>;
    @group(0) @binding(1) var<storage, read> b: array<vec4f>;
    @group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
    const N4 = ${n / 4}u;
    ${body(rows, columns / 4)}`;
  return { code, groups: [n / columns / 8, n / rows / 8] };
}

/** A row of four elements of A times four rows of B. */
function multiplied(rows, vectors, a) {
  return lines(rows, (i) => {
    const sums = lines(vectors, (j) => {
      const products = ["x", "y", "z", "w"].map((lane, k) => `x.${lane} * b${k}_${j}`);
      return `s${i}_${j} += ${products.join(" + ")};`;
    });
    return `{ let x = ${a(i)}; ${sums} }`;
  });
}

const sums = (rows, vectors) => lines(rows, (i) => lines(vectors, (j) => `var s${i}_${j} = vec4f(0.0);`));

function fromMemory(rows, vectors) {
  return `
    @compute @workgroup_size(8, 8) fn main(@builtin(global_invocation_id) id: vec3u) {
      let row = id.y * ${rows}u;
      let column = id.x * ${vectors}u;
      ${sums(rows, vectors)}
      for (var k = 0u; k < N4; k++) {
        ${lines(4, (k) => lines(vectors, (j) => `let b${k}_${j} = b[(k * 4u + ${k}u) * N4 + column + ${j}u];`))}
        ${multiplied(rows, vectors, (i) => `a[(row + ${i}u) * N4 + k]`)}
      }
      ${lines(rows, (i) => lines(vectors, (j) => `c[(row + ${i}u) * N4 + column + ${j}u] = s${i}_${j};`))}
    }`;
}

/** The textbook's kernel: tiles of 32 × 32 are brought to shared memory by all threads of a group. */
function fromTiles(rows, vectors) {
  return `
    var<workgroup> tile_a: array<array<vec4f, 8>, 32>;
    var<workgroup> tile_b: array<array<vec4f, 8>, 32>;
    @compute @workgroup_size(8, 8)
    fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u) {
      let row = local.y * ${rows}u;
      ${sums(rows, vectors)}
      for (var tile = 0u; tile < N4 / 8u; tile++) {
        ${lines(
          rows,
          (i) => `
            tile_a[row + ${i}u][local.x] = a[(group.y * 32u + row + ${i}u) * N4 + tile * 8u + local.x];
            tile_b[row + ${i}u][local.x] = b[(tile * 32u + row + ${i}u) * N4 + group.x * 8u + local.x];`,
        )}
        workgroupBarrier();
        for (var k = 0u; k < 8u; k++) {
          ${lines(4, (k) => `let b${k}_0 = tile_b[k * 4u + ${k}u][local.x];`)}
          ${multiplied(rows, vectors, (i) => `tile_a[row + ${i}u][k]`)}
        }
        workgroupBarrier();
      }
      ${lines(rows, (i) => `c[(group.y * 32u + row + ${i}u) * N4 + group.x * 8u + local.x] = s${i}_0;`)}
    }`;
}
