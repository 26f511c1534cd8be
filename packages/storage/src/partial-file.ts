import type { OpenFile } from './file-system.ts';
import type { SharedVolume } from './volumes.ts';

/** Of the content of a file, at most twice as much waits for the disk at its end. */
const WRITE_BACK_BYTES = 8 * 2 ** 20;
/** A file from this size on does not stay in memory: it would push out what others have there. */
const HUGE_BYTES = 2 ** 30;

/**
 * The unfinished file beside a target, or the target itself when it is written in place. It may be closed and opened again meanwhile, and yet no loss of what was written goes
 * unnoticed: a file that stayed open tells of it when it is synced, for one that did not its volume does.
 */
export class PartialFile {
  readonly name: string;
  readonly volume: SharedVolume | undefined;
  /** That it will have in the end, if none is preserved. */
  readonly mode: number;
  /** Of a file that is recorded, or was closed incomplete: this one is to be written on. */
  inode: number | undefined;
  /** It was made by this transfer: where nothing was written it has nothing. */
  isFresh = true;
  /** It is the target itself, with the right content, and is opened for reading. */
  isReadOnly = false;
  /** What went wrong while it was closed: nobody was there to be told. Closing may be the only one to tell that content is lost (NFS). */
  closeError: unknown;
  readonly #isHuge: boolean;
  #file: OpenFile | undefined;
  #complete = false;
  #state: 'written' | 'written and closed' | 'durable' = 'written';
  #bytesSinceWriteBack = 0;
  #droppedBytes = 0;

  /**
   * @param file just made, or opened again before anything is written
   * @param name that it has until it is complete
   * @param size that it will have in the end
   * @param mode that it will have in the end
   * @param volume undefined: each file must be synced by itself
   */
  constructor(file: OpenFile, name: string, size: number, mode: number, volume: SharedVolume | undefined) {
    this.#file = file;
    this.name = name;
    this.#isHuge = size >= HUGE_BYTES;
    this.mode = mode;
    this.volume = volume;
  }

  get isDurable(): boolean {
    return this.#state === 'durable';
  }

  /** It cannot tell by itself whether all that was written is there. */
  get needsVolume(): boolean {
    return this.#state === 'written and closed';
  }

  reopened(file: OpenFile): void {
    this.#file = file;
  }

  write(bytes: Uint8Array, position: number): void {
    if (this.#state === 'durable') this.#state = 'written';
    this.#file!.write(bytes, position);
    this.#bytesSinceWriteBack += bytes.byteLength;
    if (this.#bytesSinceWriteBack < WRITE_BACK_BYTES) return;
    this.#bytesSinceWriteBack = 0;
    this.#file!.continueWriteBack();
    if (this.#isHuge) this.#dropBefore(position - 2 * WRITE_BACK_BYTES);
  }

  makeHole(position: number, byteLength: number): void {
    this.change((file) => file.punchHole(position, byteLength));
  }

  /** Content comes nearly in order, so what lies so far back is on the disk. */
  #dropBefore(position: number): void {
    if (position <= this.#droppedBytes) return;
    this.#file!.dropFromCache(this.#droppedBytes, position - this.#droppedBytes);
    this.#droppedBytes = position;
  }

  /** Nothing more is written. @param byteLength that it gets, when it may have another; undefined: it has it */
  complete(byteLength: number | undefined): void {
    if (byteLength !== undefined) this.change((file) => file.truncate(byteLength));
    this.#complete = true;
  }

  /** Changes what it has beside its content. */
  change(operation: (file: OpenFile) => void): void {
    if (this.#state === 'durable') this.#state = 'written';
    operation(this.#file!);
  }

  /** Some of it is written again, after all. */
  incomplete(): void {
    this.#complete = false;
  }

  /** Makes it durable by itself. @throws whatever was lost of it */
  sync(): void {
    if (this.closeError !== undefined) throw this.closeError;
    if (this.#state === 'written and closed') throw this.volume!.failure;
    if (this.#state === 'written') this.#file!.sync();
    this.#state = 'durable';
  }

  /** Its volume was synced. */
  synced(): void {
    this.#state = 'durable';
  }

  /** It is not wanted any more: closing it syncs nothing. */
  abandon(): void {
    this.#state = 'durable';
  }

  close(): void {
    const file = this.#file!;
    this.#file = undefined;
    try {
      if (this.#state === 'written') this.#leave(file);
      if (!this.#complete) this.inode ??= file.status().inode;
    } catch (error) {
      this.closeError = error;
    }
    try {
      file.close();
    } catch (error) {
      this.closeError ??= error;
    }
  }

  #leave(file: OpenFile): void {
    if (this.volume !== undefined && this.volume.failure === undefined) {
      this.#state = 'written and closed';
      return;
    }
    file.sync();
    this.#state = 'durable';
  }
}
