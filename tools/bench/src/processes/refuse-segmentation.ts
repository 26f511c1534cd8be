import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import koffi from 'koffi';

/** Of Linux on x64 and arm64. */
const SYS_PIDFD_OPEN = 434;
const SYS_PIDFD_GETFD = 438;
const SOL_SOCKET = 1;
const SO_NO_CHECK = 11;

/**
 * Takes the checksums from the UDP sockets of another process, behind its back: from then on the kernel refuses to segment what
 * is sent through them (UDP_SEGMENT, EINVAL), and sends single datagrams as before. Needs root.
 * @returns sockets found
 * @throws Error when the system refuses
 */
export function refuseSegmentation(pid: number): number {
  const libc = koffi.load(null);
  const syscall = libc.func('long syscall(long, long, long, long)') as (...parameters: number[]) => number;
  const setsockopt = libc.func('int setsockopt(int, int, int, void *, uint32_t)');
  const pidfd = checked('pidfd_open', syscall(SYS_PIDFD_OPEN, pid, 0, 0));
  const descriptors = udpDescriptors(pid);
  for (const descriptor of descriptors) {
    const socket = checked('pidfd_getfd', syscall(SYS_PIDFD_GETFD, pidfd, descriptor, 0));
    checked('setsockopt', setsockopt(socket, SOL_SOCKET, SO_NO_CHECK, new Int32Array([1]), 4));
    closeSync(socket);
  }
  closeSync(pidfd);
  return descriptors.length;
}

/** By what proc_pid_fd(5) and proc_pid_net(5) say: a socket is known by its inode. */
function udpDescriptors(pid: number): number[] {
  const inodes = ['udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9]),
  );
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  return readdirSync(`/proc/${pid}/fd`)
    .map(Number)
    .filter((descriptor) => {
      try {
        return links.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`));
      } catch {
        return false; // closed meanwhile
      }
    });
}

function checked(call: string, result: number): number {
  if (result < 0) throw new Error(`${call} is refused: errno ${koffi.errno()}`);
  return result;
}
