import { ReceiverActivity } from '@jetstream/protocol';
import type { WriterActivity } from '@jetstream/storage';

const WIRE: Readonly<Record<WriterActivity, ReceiverActivity>> = {
  checking: ReceiverActivity.CHECKING,
  syncing: ReceiverActivity.SYNCING,
  'reading-back': ReceiverActivity.READING_BACK,
};
const ACTIVITIES = Object.keys(WIRE) as WriterActivity[];

/** What is waited for while the receiver is at it. */
const WORDS: Readonly<Record<WriterActivity, string>> = {
  checking: 'the receiver to check what it has',
  syncing: 'files to become durable at the receiver',
  'reading-back': 'files to be read back at the receiver',
};

export function activityToWire(activity: WriterActivity | undefined): ReceiverActivity {
  return activity === undefined ? ReceiverActivity.UNSPECIFIED : WIRE[activity];
}

export function activityFromWire(activity: ReceiverActivity): WriterActivity | undefined {
  return ACTIVITIES.find((name) => WIRE[name] === activity);
}

/** @param activity undefined: nothing is known; in the end it is that files become durable */
export function waitingForReceiver(activity: WriterActivity | undefined): string {
  return WORDS[activity ?? 'syncing'];
}
