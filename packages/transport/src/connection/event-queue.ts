import type { ConnectionEvent } from '../contract.ts';

const COMPACT_AT = 64;

/** Events for the application, oldest first. After `closed` nothing is added. */
export class EventQueue {
  private events: (ConnectionEvent | undefined)[] = [];
  private head = 0;
  private ended = false;

  get isEmpty(): boolean {
    return this.head === this.events.length;
  }

  push(event: ConnectionEvent): void {
    if (this.ended) return;
    this.ended = event.type === 'closed';
    this.events.push(event);
  }

  poll(): ConnectionEvent | undefined {
    if (this.isEmpty) return undefined;
    const event = this.events[this.head];
    this.events[this.head] = undefined;
    this.head += 1;
    if (this.isEmpty) {
      this.events.length = 0;
      this.head = 0;
    } else if (this.head >= COMPACT_AT && this.head * 2 >= this.events.length) {
      this.events.splice(0, this.head);
      this.head = 0;
    }
    return event;
  }

  /** Takes back all events about a transfer. @param onBlock is given each `block-received` taken back */
  discardTransfer(transfer: number, onBlock: (block: number) => void): void {
    this.events = this.events.slice(this.head).filter((event) => {
      if (event === undefined || transferOf(event) !== transfer) return true;
      if (event.type === 'block-received') onBlock(event.block);
      return false;
    });
    this.head = 0;
  }
}

function transferOf(event: ConnectionEvent): number | undefined {
  if ('transfer' in event) return event.transfer;
  return 'stream' in event ? event.stream : undefined;
}
