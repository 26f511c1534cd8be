import { execFileSync } from 'node:child_process';

/**
 * Runs a command in a mount namespace of its own, with `$DISK` an ext4 of 256 MiB whose disk has room for 24: a write is taken, and its loss
 * shows only when the disk is to be reached. Needs root, loop devices and mkfs.ext4.
 * @returns its output; undefined where there can be no such disk
 */
export function onOvercommittedDisk(command: readonly string[]): string | undefined {
  const script = `set -e
    DISK=$(mktemp -d); export DISK
    mount -t tmpfs -o size=24m tmpfs "$DISK"
    truncate -s 256M "$DISK/image" && mkfs.ext4 -q -F "$DISK/image" && mkdir "$DISK/mounted"
    mount -o loop "$DISK/image" "$DISK/mounted" || exit 77
    backing=$DISK; DISK=$DISK/mounted
    "$@" || status=$?
    umount "$DISK"; umount "$backing"; rmdir "$backing"
    exit \${status:-0}`;
  try {
    return execFileSync('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    const { code, status } = error as { code?: string; status?: number };
    if (code === 'ENOENT' || process.getuid?.() !== 0 || status === 77 || status === 127) return undefined;
    throw error;
  }
}
