import { type NoiseXX, PacketProtection } from '@jetstream/handshake';
import type { AeadAlgorithm } from '@jetstream/protocol';
import type { EndpointSettings } from '../handshake-driver.ts';

/** Packet protection from a complete handshake (PROTOCOL.md §1.3). */
export function protectionFrom(
  noise: NoiseXX,
  algorithm: AeadAlgorithm,
  settings: EndpointSettings,
): PacketProtection {
  const secrets = noise.split();
  return new PacketProtection({
    aead: settings.aead,
    algorithm,
    sendSecret: secrets.send,
    receiveSecret: secrets.receive,
    updateAfterPackets: settings.keyUpdatePackets,
  });
}
