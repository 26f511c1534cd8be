import { AEAD_TAG_BYTES, AeadAlgorithm, type AeadProvider, type CopyBytes } from '@jetstream/protocol';

/** Protects nothing and copies nothing: what is left is the cost of the state machine alone. */
export const noAead: AeadProvider = {
  algorithms: [AeadAlgorithm.Aes256Gcm],
  create: () => ({
    seal: (_number, _buffer, _headerStart, _start, end) => end + AEAD_TAG_BYTES,
    open: (_number, _buffer, _headerStart, _start, end) => end - AEAD_TAG_BYTES,
    dispose: () => {},
  }),
};

export const noCopy: CopyBytes = () => {};
