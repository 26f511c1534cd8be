import type { StorageWorkers } from '../../storage/storage-workers.ts';
import type { ServicePart } from '../part.ts';
import type { Sandboxes } from '../sandboxes/sandboxes.ts';
import { type FileCommands, fileCommands } from './file-commands.ts';
import { FileWork } from './file-work.ts';

/** The files of this machine, for API clients. */
export class Files implements ServicePart {
  readonly work: FileWork;
  readonly commands: FileCommands;

  constructor(workers: StorageWorkers, sandboxes: Sandboxes) {
    this.work = new FileWork(workers);
    this.commands = fileCommands(this.work, sandboxes);
  }
}
