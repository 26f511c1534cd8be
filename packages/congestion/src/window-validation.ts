import type { AckSample } from './controller.ts';

const SLACK_DATAGRAMS = 2;

/** RFC 9002 §7.8: a window that is not used does not grow. @returns whether the sender that gave the sample used it */
export function usesWindow(sample: AckSample, windowBytes: number, datagramBytes: number): boolean {
  return (
    !sample.applicationLimited || sample.priorBytesInFlight + SLACK_DATAGRAMS * datagramBytes >= windowBytes
  );
}
