import type { EndpointOptions } from '../../endpoint-contract.ts';
import { CLIENT, SERVER, TestEndpoint } from './endpoint-harness.ts';
import { type Datagram, type NetworkOptions, VirtualNetwork } from './virtual-network.ts';

export const SECOND_US = 1_000_000;

/** A client and a server on one network. Options go to both unless the client has its own. */
export function world(
  networkOptions: NetworkOptions,
  serverOptions: Partial<EndpointOptions> = {},
  clientOptions: Partial<EndpointOptions> = serverOptions,
) {
  const network = new VirtualNetwork(networkOptions);
  const client = new TestEndpoint(2 * networkOptions.seed, { ...clientOptions, acceptIncoming: false });
  const server = new TestEndpoint(2 * networkOptions.seed + 1, serverOptions);
  network.add(client.endpoint, CLIENT);
  network.add(server.endpoint, SERVER);
  const serve = () => {
    client.serve(network.nowUs);
    server.serve(network.nowUs);
  };
  /** Runs for that long, or until the condition holds, and says whether it did. Events are taken on the way. */
  const run = (limitUs: number, isDone: () => boolean = () => false) => network.run(limitUs, isDone, serve);
  const runUntilEstablished = (limitUs = 10 * SECOND_US) =>
    run(limitUs, () => client.establishedCount > 0 && server.establishedCount > 0);
  return { network, client, server, run, runUntilEstablished };
}

/** A server alone, and what it sends. */
export function serverWorld(seed: number, options: Partial<EndpointOptions> = {}) {
  const network = new VirtualNetwork({ seed });
  const server = new TestEndpoint(seed, options);
  network.add(server.endpoint, SERVER);
  const tap: Datagram[] = [];
  network.onSent = (datagram) => {
    tap.push(datagram);
    return false;
  };
  return { network, server, tap };
}
