import { checkRatePolicy, DEFAULT_RATE_POLICY } from '@jetstream/congestion';
import { copyBytes, JetStreamError, MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES } from '@jetstream/protocol';
import type { EndpointOptions } from '../endpoint-contract.ts';
import type { EndpointSettings } from '../handshake-driver.ts';

/**
 * Fills in the defaults of `EndpointOptions`.
 * @throws JetStreamError `invalid-argument` for a value out of range
 */
export function resolveEndpointOptions(options: EndpointOptions): EndpointSettings {
  const settings: EndpointSettings = {
    copyBytes,
    congestion: 'bbr',
    ratePolicy: DEFAULT_RATE_POLICY,
    pathMemory: { recall: () => undefined, remember: () => {} },
    handshakeTimeoutMs: 10_000,
    idleTimeoutMs: 30_000,
    cookieThreshold: 64,
    maxConnections: 1024,
    maxStrangersPerNetwork: 64,
    maxDatagramBytes: 1472,
    maxDatagramBytesTo: () => MAX_DATAGRAM_BYTES,
    keyUpdatePackets: 2 ** 22,
    maxReceiveBlocks: 1024,
    marksEcn: false,
    ...withoutUndefined(options),
  };
  demandRange(settings, 'handshakeTimeoutMs', 1, 3_600_000);
  demandRange(settings, 'idleTimeoutMs', 1, 2 ** 32 - 1);
  demandRange(settings, 'cookieThreshold', 0, 1_000_000);
  demandRange(settings, 'maxConnections', 1, 1_000_000);
  demandRange(settings, 'maxStrangersPerNetwork', 1, 1_000_000);
  demandRange(settings, 'maxDatagramBytes', MIN_DATAGRAM_BYTES, MAX_DATAGRAM_BYTES);
  demandRange(settings, 'keyUpdatePackets', 1, 2 ** 22);
  demandRange(settings, 'maxReceiveBlocks', 1, 1_000_000);
  checkRatePolicy(settings.ratePolicy);
  if (settings.aead.algorithms.length === 0) {
    throw new JetStreamError('invalid-argument', 'the AEAD provider has no algorithm');
  }
  return settings;
}

type NumericSetting = {
  [Name in keyof EndpointSettings]-?: EndpointSettings[Name] extends number ? Name : never;
}[keyof EndpointSettings];

function demandRange(settings: EndpointSettings, name: NumericSetting, least: number, most: number): void {
  const value = settings[name];
  if (!(value >= least && value <= most)) {
    throw new JetStreamError('invalid-argument', `${name} must be ${least} to ${most}, not ${value}`, {
      subject: name,
    });
  }
}

/** A default holds as well when an option is there but undefined, as untyped callers may write it. */
function withoutUndefined(options: EndpointOptions): EndpointOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as EndpointOptions;
}
