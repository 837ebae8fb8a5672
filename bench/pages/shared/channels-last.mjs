// Images and weights for libraries that keep channels last: [N, H, W, C], and [h, w, in, out] for convolutions.

/** [N, C, H, W] to [N, H, W, C]. */
export function images(values, samples, channels, pixels) {
  const moved = new Float32Array(values.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        moved[(sample * pixels + pixel) * channels + channel] =
          values[(sample * channels + channel) * pixels + pixel];
      }
    }
  }
  return moved;
}

/** A weight of ours, with its axes, or the rows or columns of a flattened feature map, in the other order. */
export function weight({ kind, shape, data, rows, columns }) {
  if (kind === "conv" || kind === "convT") return kernel(shape, data);
  if (rows) {
    const [channels, height, width] = rows;
    const [features, outputs] = shape;
    const moved = new Float32Array(data.length);
    for (let row = 0; row < features; row++) {
      const target = mapIndex(row, channels, height * width) * outputs;
      moved.set(data.subarray(row * outputs, (row + 1) * outputs), target);
    }
    return { shape, data: moved };
  }
  if (columns) {
    const [channels, height, width] = columns;
    const length = channels * height * width;
    const moved = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const column = i % length;
      moved[i - column + mapIndex(column, channels, height * width)] = data[i];
    }
    return { shape, data: moved };
  }
  return { shape, data };
}

/** Where the element of a feature map is found that is at `index` in [C, H · W]. */
function mapIndex(index, channels, pixels) {
  return (index % pixels) * channels + Math.floor(index / pixels);
}

function kernel([first, second, height, width], data) {
  const size = height * width;
  const moved = new Float32Array(data.length);
  for (let a = 0; a < first; a++) {
    for (let b = 0; b < second; b++) {
      for (let i = 0; i < size; i++) moved[(i * second + b) * first + a] = data[(a * second + b) * size + i];
    }
  }
  return { shape: [height, width, second, first], data: moved };
}
