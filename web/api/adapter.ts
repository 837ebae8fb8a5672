// Which GPU the browser offers, asked without loading what would use it.

/** What there is of WebGPU. */
export type WebGpuAbility =
  | { kind: "missing" }
  /** The browser knows WebGPU, and has no adapter for it. */
  | { kind: "none" }
  | { kind: "software" | "hardware"; adapter: string };

/** Asks the browser for an adapter. */
export async function probeWebGpu(): Promise<WebGpuAbility> {
  const gpu = (globalThis.navigator as Partial<NavigatorWithGpu> | undefined)?.gpu;
  if (!gpu) return { kind: "missing" };
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) return { kind: "none" };
    const { info } = adapter;
    const names = [info.description, info.device, info.architecture, info.vendor].filter(Boolean);
    const isSoftware =
      adapter.isFallbackAdapter === true ||
      info.isFallbackAdapter === true ||
      /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(names.join(" "));
    return { kind: isSoftware ? "software" : "hardware", adapter: adapterName(names) };
  } catch {
    return { kind: "none" };
  }
}

function adapterName(names: string[]): string {
  const text = names.join(" ");
  if (/swiftshader/i.test(text)) return "SwiftShader";
  if (/llvmpipe|lavapipe/i.test(text)) return "llvmpipe";
  return names[0] ?? "unnamed adapter";
}

/** The part of WebGPU that probing needs; the types of the whole are not in TypeScript's library. */
interface NavigatorWithGpu {
  gpu: { requestAdapter(options: { powerPreference: string }): Promise<Adapter | null> };
}

interface Adapter {
  isFallbackAdapter?: boolean;
  info: {
    vendor: string;
    architecture: string;
    device: string;
    description: string;
    isFallbackAdapter?: boolean;
  };
}
