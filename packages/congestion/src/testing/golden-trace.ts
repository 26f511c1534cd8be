import { DATAGRAM_BYTES, type PathOptions, simulatePath } from './path.ts';

/**
 * A controller's course in text, one line a round trip of the path: window, pace (packets in a round trip), in flight and queue, all in
 * whole packets so that the last bits of a float show nowhere, and the phase. Made to be compared with a snapshot.
 * @param every of so many round trips one is shown
 */
export function goldenTrace(options: PathOptions, roundTrips: number, every = 1): string {
  const { simulation, sender } = simulatePath(options);
  const rttUs = options.rttMs * 1_000;
  const packets = (bytes: number) => String(Math.round(bytes / DATAGRAM_BYTES)).padStart(6);
  const lines = [' round window   pace flight  queue phase'];
  for (let round = 0; round <= roundTrips; round++) {
    simulation.run(Math.max(1, round * rttUs));
    if (round % every !== 0) continue;
    const { controller, bytesInFlight } = sender;
    const figures = [
      packets(controller.windowBytes),
      packets((controller.pacingRate * rttUs) / 1e6),
      packets(bytesInFlight),
      packets(simulation.bottleneck.queuedBytes(simulation.nowUs)),
    ];
    lines.push(`${String(round).padStart(6)} ${figures.join(' ')} ${controller.phase}`);
  }
  return lines.join('\n');
}
