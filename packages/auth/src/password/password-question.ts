import type { PamRequest, PamVerdict } from '@jetstream/platform';

/** What the server asks its helper, one at a time, by IPC alone. */
export type PasswordQuestion = PamRequest & {
  /** The helper ends itself when it has not answered by then. */
  deadlineSeconds: number;
};

export type PasswordAnswer =
  | PamVerdict
  /** Nothing can be said of any password. */
  | { unavailable: string };
