// Cells that show one output of every kind, made of plain JavaScript.

const SHOW = "const show = (display) => ({ [Symbol.for('gradbook.display')]: () => display });\n";

export const GALLERY: Record<string, string> = {
  values: `const layers = [{ name: 'conv1', out: 16, kernel: [3, 3] }, { name: 'dense', out: 10, bias: true }]
console.log('loading', 8000, 'digits')
console.warn('a warning')
display(new Float32Array(784).map((_, i) => Math.sin(i)))
layers`,
  table: `${SHOW}show({ kind: 'table', columns: ['digit', 'precision', 'recall', 'note'], rows: Array.from({ length: 5 }, (_, i) => [i, 0.97 + i / 400, 0.98 - i / 300, i % 2 ? 'often read as 7' : null]) })`,
  images: `${SHOW}const side = 28, count = 20
const data = new Float32Array(count * side * side)
for (let n = 0; n < count; n++) for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
  const r = Math.hypot(x - 13.5, y - 13.5 + 3 * Math.sin(n))
  data[(n * side + y) * side + x] = Math.exp(-((r - 4 - (n % 5)) ** 2) / 3)
}
show({ kind: 'images', count, channels: 1, height: side, width: side, data, captions: Array.from({ length: count }, (_, i) => i % 4 ? String(i % 10) : '7, read as ' + (i % 10)) })`,
  colour: `${SHOW}const rgb = new Uint8ClampedArray(3 * 32 * 32).map((_, i) => { const c = Math.floor(i / 1024), y = Math.floor((i % 1024) / 32), x = i % 32; return c === 0 ? x * 8 : c === 1 ? y * 8 : 255 - x * 4 - y * 4 })
show({ kind: 'images', count: 1, channels: 3, height: 32, width: 32, data: rgb })`,
  curve: `${SHOW}const points = [], total = 120
const loss = (i) => 2.3 * Math.exp(-i / 25) + 0.08 + 0.1 * Math.abs(Math.sin(i * 7))
for (const [panel, f] of [[0, loss], [1, (i) => 100 - 90 * Math.exp(-i / 18)]]) {
  points.push({ panel, series: 0, x: Array.from({ length: total }, (_, i) => i * 10), y: Array.from({ length: total }, (_, i) => f(i)) })
  points.push({ panel, series: 1, x: [0, 250, 500, 750, 1000, 1190], y: [0, 25, 50, 75, 100, 119].map((i) => f(i) * (panel ? 0.98 : 1.1)) })
}
show({ kind: 'curve', id: 'fit', title: 'Training', x: { label: 'step' }, panels: [
  { label: 'Loss', series: [{ name: 'train' }, { name: 'validation' }] },
  { label: 'Accuracy', unit: '%', series: [{ name: 'train' }, { name: 'validation', style: 'dots' }] } ], points })`,
  saliency: `${SHOW}const image = new Float32Array(28 * 28), map = new Float32Array(28 * 28)
for (let y = 0; y < 28; y++) for (let x = 0; x < 28; x++) {
  image[y * 28 + x] = Math.abs(Math.hypot(x - 14, y - 14) - 8) < 2 ? 1 : 0
  map[y * 28 + x] = Math.sin(x / 3) * Math.exp(-((Math.hypot(x - 14, y - 14) - 8) ** 2) / 12)
}
show({ kind: 'overlay', image: { channels: 1, height: 28, width: 28, data: image }, map: { height: 28, width: 28, data: map }, signed: true, label: 'Saliency of class 0' })`,
  cam: `${SHOW}const cam = new Float32Array(49).map((_, i) => Math.exp(-((i % 7 - 2) ** 2 + (Math.floor(i / 7) - 3) ** 2) / 4))
const ring = new Float32Array(28 * 28).map((_, i) => Math.abs(Math.hypot(i % 28 - 14, Math.floor(i / 28) - 14) - 8) < 2 ? 1 : 0)
show({ kind: 'overlay', image: { channels: 1, height: 28, width: 28, data: ring }, map: { height: 7, width: 7, data: cam }, signed: false, label: 'Grad-CAM of class 0', box: { left: 4, top: -2, right: 18, bottom: 20 } })`,
  roofline: `${SHOW}const kernels = [
  ['conv x[64, 1, 28, 28] w[16, 1, 3, 3] y[64, 16, 28, 28], then { made; r0; add $0 $1; maximum $0 $3 }', 1.1, 16.1, 3.4],
  ['conv x[64, 16, 14, 14] w[32, 16, 3, 3] y[64, 32, 14, 14]', 2.6, 116, 2.4],
  ['conv_weight_grad x[64, 16, 14, 14] w[32, 16, 3, 3] y[64, 32, 14, 14]', 4.9, 116, 2.4],
  ['matmul [1] 64×1568×128', 0.7, 25.7, 1.2],
  ['unpool 1024×[28, 28] by [2, 2] to [14, 14]', 3.2, 1.8, 8],
  ['sum [16] over [64, 28, 28] { r0 }', 0.4, 0.8, 3.2],
  ['map [206922] { r0; 0.9; mul $0 $1; r1; add $2 $3 }', 0.3, 1.2, 3.3],
  ['gather 64 of 256 rows of 784', 0.1, 0, 0.4] ]
show({ kind: 'roofline', device: 'cpu', flops: 61e9, bytes: 11e9, kernels: kernels.map(([kernel, ms, flops, bytes]) => ({ kernel, ms, flops: flops * 1e6, bytes: bytes * 1e6 })) })`,
  network: `${SHOW}const box = (label, name, notes, role = 'layer') => ({ label, name, notes, role })
const boxes = [box('input', undefined, ['[1, 3, 32, 32]'], 'input'), box('conv2d', '0', ['[1, 16, 32, 32]', '448 parameters']), box('relu', '1', ['[1, 16, 32, 32]'])], edges = [[0, 1], [1, 2]]
for (let block = 0, before = 2; block < 2; block++) {
  const at = boxes.length
  boxes.push(box('conv2d', 2 + block + '.body.0', ['[1, 16, 32, 32]', '2 320 parameters']), box('conv2d', 2 + block + '.shortcut', ['[1, 16, 32, 32]', '272 parameters']), box('+', undefined, ['[1, 16, 32, 32]'], 'join'))
  edges.push([before, at], [before, at + 1], [at, at + 2], [at + 1, at + 2])
  before = at + 2
}
boxes.push(box('dense', '4', ['[1, 10]', '170 parameters']))
edges.push([boxes.length - 2, boxes.length - 1])
show({ kind: 'graph', title: 'A network with <skips>', boxes, edges: edges.map(([from, to], i) => i ? { from, to } : { from, to, label: '× 0.5' }) })`,
  lines: `${SHOW}const depth = Array.from({ length: 12 }, (_, i) => i + 1)
const lines = (rates) => rates.map(([, rate], series) => ({ panel: 0, series, x: depth, y: depth.map((i) => rate ** i) }))
const rates = [['He', 1.02], ['Xavier', 0.7], ['too small', 0.1], ['too large', 3]]
const live = Array.from({ length: 20 }, (_, series) => ({ panel: 1, series, x: depth, y: depth.map((i) => 0.5 ** (series / 2) * (1 + Math.sin(i) / 4)) }))
show({ kind: 'curve', id: 'depth', x: { label: 'layer' }, panels: [
  { label: 'σ of outputs', log: true, series: rates.map(([name]) => ({ name })) },
  { label: 'norm of the gradient, by layer', log: true, ordered: true, series: live.map((_, i) => ({ name: String(2 * i) })) } ], points: [...lines(rates), ...live] })`,
  scatter: `const blob = (n, cx, cy) => ({ x: Array.from({ length: n }, (_, i) => cx + Math.sin(i * 7) * Math.cos(i)), y: Array.from({ length: n }, (_, i) => cy + Math.cos(i * 5) * Math.sin(i * 3)) })
plot.scatter(['zero', 'one', 'two & <three>', 'a name that is long enough to be cut'].map((name, i) => ({ name, ...blob(40, 2 * (i % 2), 1.5 * Math.floor(i / 2)) })), { title: 'Embedding', x: 'first', y: 'second' })`,
  matrix: `display(plot.matrix([[1, -0.5, 0.25], [-0.5, 1, 0], [0.25, 0, 1.25]], { title: 'Covariance', rows: ['width', 'height', 'weight'], columns: ['width', 'height', 'weight'] }))
plot.matrix(Array.from({ length: 40 }, (_, r) => Array.from({ length: 60 }, (_, c) => Math.hypot(r - 20, c - 30))), { title: 'Distance' })`,
  html: `plot.html('<h3>A frame</h3><table><tr><th>layer</th><th>weights</th></tr><tr><td>conv</td><td>160</td></tr></table><p><a href="https://example.org/">a link</a></p><img src="https://evil.invalid/a.png"><script>parent.document.title = "taken"</script>')`,
  drawing: `plot.svg('<svg viewBox="0 0 60 30" width="180" height="90"><circle cx="15" cy="15" r="12" fill="teal"/><script>parent.document.title = "taken"</script></svg>', { alt: 'A teal disc' })`,
  error: `const images = { shape: [32, 1, 28, 28] }
function forward(input) {
  if (input.shape[1] !== 3) throw new RangeError('conv2d: expected 3 input channels, got ' + input.shape[1] + ' in [' + input.shape + ']', { cause: new Error('weights are [16, 3, 3, 3]') })
}
forward(images)`,
};
