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
show({ kind: 'overlay', image: { channels: 1, height: 28, width: 28, data: ring }, map: { height: 7, width: 7, data: cam }, signed: false, label: 'Grad-CAM of class 0' })`,
  error: `const images = { shape: [32, 1, 28, 28] }
function forward(input) {
  if (input.shape[1] !== 3) throw new RangeError('conv2d: expected 3 input channels, got ' + input.shape[1] + ' in [' + input.shape + ']', { cause: new Error('weights are [16, 3, 3, 3]') })
}
forward(images)`,
};
