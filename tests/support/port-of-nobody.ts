import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Below those that the system gives to whoever asks for any (ip_local_port_range), of whom there are many while tests run. */
const [FIRST, COUNT] = [10_000, 20_000];

/** A UDP port of this machine that nobody has, and that nobody comes to have by chance. */
export async function portOfNobody(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const socket = createSocket('udp4');
    if (await canBind(socket, port)) return port;
  }
}

async function canBind(socket: Socket, port: number): Promise<boolean> {
  try {
    socket.bind(port);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
