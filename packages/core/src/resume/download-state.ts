import { join } from 'node:path';
import { downloadPlace } from './download-place.ts';
import { ReceiverState } from './receiver-state.ts';

interface Opened {
  state: Promise<ReceiverState>;
  users: number;
  /** What was told when it was opened, for those who come later too. */
  notes: string[];
}

/** Of this process, by directory: it opens each once, however many downloads go there. */
const opened = new Map<string, Opened>();
const closing = new Map<string, Promise<void>>();

/** What downloads to one place keep of half files: a state directory for each place, so that copies to different ones never meet. */
export class DownloadState {
  /** Never rejects: a state that cannot be had, because another process has it for example, is one that keeps nothing. */
  readonly ready: Promise<ReceiverState>;
  readonly #directory: string;
  #closed: Promise<void> | undefined;

  /**
   * Begins to open it.
   * @param stateDirectory of the client
   * @param localTargets absolute
   * @param onNote what a person may want to know, in words; default: nobody is there to hear it
   */
  constructor(
    stateDirectory: string,
    localTargets: readonly string[],
    onNote: (note: string) => void = () => undefined,
  ) {
    this.#directory = join(stateDirectory, 'downloads', downloadPlace(localTargets));
    const { state, notes } = use(this.#directory);
    this.ready = state
      .catch((error) => {
        onNote(`what is durable of half files is not recorded, an interruption costs them: ${error.message}`);
        return new ReceiverState(undefined);
      })
      .finally(() => notes.forEach(onNote));
  }

  /** Nobody uses it for this download any more. The last one leaves no directory where nothing is recorded. */
  close(): Promise<void> {
    this.#closed ??= leave(this.#directory);
    return this.#closed;
  }
}

function use(directory: string): Opened {
  let entry = opened.get(directory);
  if (entry === undefined) {
    const before = closing.get(directory) ?? Promise.resolve();
    const notes: string[] = [];
    const open = () => ReceiverState.open(directory, (note) => notes.push(note));
    entry = { state: before.then(open), users: 0, notes };
    opened.set(directory, entry);
  }
  entry.users++;
  return entry;
}

async function leave(directory: string): Promise<void> {
  const entry = opened.get(directory)!;
  if (--entry.users > 0) return;
  opened.delete(directory);
  const closed = entry.state
    .then((state) => state.closeOrRemove())
    // It could not be opened, which was told, or not be closed: nothing depends on it.
    .catch(() => undefined);
  closing.set(directory, closed);
  await closed;
  if (closing.get(directory) === closed) closing.delete(directory);
}
