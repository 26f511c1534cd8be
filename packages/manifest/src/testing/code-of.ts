import { JetStreamError } from '@jetstream/protocol';

/** What a call throws: the code of its error, or 'none'. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof JetStreamError) return error.code;
    throw error;
  }
  return 'none';
}
