import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own in an image file, mounted by a loop device. Needs root. */
export class LoopMount {
  readonly directory: string;
  readonly #image: string;

  /** @param make a mkfs command; the image is its last argument */
  constructor(base: string, bytes: number, make: readonly string[]) {
    this.#image = join(base, 'image');
    this.directory = join(base, 'mounted');
    mkdirSync(this.directory, { recursive: true });
    writeFileSync(this.#image, '');
    truncateSync(this.#image, bytes);
    const [command, ...parameters] = make;
    execFileSync(command!, [...parameters, this.#image], { stdio: 'ignore' });
    this.mount();
  }

  mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.directory]);
  }

  unmount(): void {
    execFileSync('umount', [this.directory]);
  }

  /** What lies above is an I/O error from now on, once it is not in memory. */
  cutImage(bytes: number): void {
    truncateSync(this.#image, bytes);
  }
}
