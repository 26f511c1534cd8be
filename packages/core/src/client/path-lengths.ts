import { escapeName } from '@jetstream/manifest';
import { JetStreamError, MAX_PATH_BYTES } from '@jetstream/protocol';

/**
 * What the wire does not carry is refused here, by name, rather than by the server as a breach of the protocol.
 * @throws JetStreamError `name-invalid`
 */
export function checkPathLengths(paths: readonly string[]): void {
  const tooLong = paths.find((path) => Buffer.byteLength(path) > MAX_PATH_BYTES);
  if (tooLong === undefined) return;
  const shown = escapeName(tooLong.slice(0, 60));
  throw new JetStreamError(
    'name-invalid',
    `${shown}… is longer than ${MAX_PATH_BYTES} bytes; copy into a shorter path`,
    {
      subject: tooLong,
    },
  );
}
