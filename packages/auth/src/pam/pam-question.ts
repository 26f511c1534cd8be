import type { PamRequest, PamVerdict } from '@jetstream/platform';

/** What the server asks its helper, one at a time, by IPC alone. */
export type PamQuestion = PamRequest & {
  /** The helper ends itself when it has not answered by then. */
  deadlineSeconds: number;
};

export type PamAnswer =
  | PamVerdict
  /** Nothing can be said of any password, or of any account. */
  | { unavailable: string };
