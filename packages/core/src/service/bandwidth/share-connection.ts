import { sendReceiveLimit } from '../../session/receive-limit.ts';
import type { Session } from '../../session/session.ts';
import type { Bandwidth, Registered } from './bandwidth.ts';

/**
 * Lets both ways of a connection take part in the limits of the server: what it sends is capped here, and of what it receives the peer
 * is told, and given credit for no more.
 * @param session one that is logged in; `remove` is to be called at its end
 * @param transfers how many of either way are under way
 */
export function shareConnection(
  bandwidth: Bandwidth,
  session: Session,
  transfers: { sending(): number; receiving(): number },
): Registered {
  const { connection } = session;
  const sender = bandwidth.addSender({
    transfers: transfers.sending,
    movedBytes: () => connection.stats?.bytesSent ?? 0,
    setShare: (share) => connection.setSendShare(share),
  });
  const receiver = bandwidth.addReceiver({
    transfers: transfers.receiving,
    movedBytes: () => connection.stats?.bytesReceived ?? 0,
    setShare: (share) => {
      if (session.closed !== undefined) return;
      sendReceiveLimit(session, share);
      connection.setReceiveShare(share);
    },
  });
  return {
    changed() {
      sender.changed();
      receiver.changed();
    },
    remove() {
      sender.remove();
      receiver.remove();
    },
  };
}
