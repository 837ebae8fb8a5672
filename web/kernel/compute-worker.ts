// The worker that computes: in the page's own origin, running our code only. The page tells it which device to use and
// when to stop; user workers send it graphs over ports of their own.

import type { Abilities } from "./device.ts";
import { chooseDevice, probeAbilities } from "./device.ts";
import type { DeviceChoice, FromCompute, ToCompute } from "./protocol.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";

const abilities: Promise<Abilities> = probeAbilities();

addEventListener("message", ({ data }: MessageEvent<ToCompute>) => {
  receive(data).catch((error: unknown) => tell({ type: "failed", message: String(error) }));
});

async function receive(message: ToCompute): Promise<void> {
  switch (message.type) {
    case "hello":
      if (message.version !== PROTOCOL_VERSION) throw new Error("The page is of another version: reload it.");
      return useDevice(message.device);
    case "setDevice":
      return useDevice(message.device);
    case "connect":
      message.port.start();
      return;
    case "stop":
      return;
  }
}

async function useDevice(choice: DeviceChoice): Promise<void> {
  tell({ type: "status", status: chooseDevice(choice, await abilities) });
}

function tell(message: FromCompute): void {
  postMessage(message);
}
