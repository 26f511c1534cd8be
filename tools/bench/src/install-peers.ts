import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

const PACKAGES = ['iperf3', 'libudt0', 'openssh-client', 'openssh-server', 'rsync', 'srt-tools'];
/** What Debian asks before it starts the service of a package; 101 forbids it. The bench starts servers of its own. */
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_SCRIPT = '#!/bin/sh\nexit 101\n';

/**
 * Installs the peers from Debian's packages, and starts no service.
 * @returns the status of apt-get
 */
export async function installPeers(): Promise<number> {
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, POLICY_SCRIPT, { mode: 0o755 });
  try {
    const updated = await aptGet('update', '--quiet');
    return updated || (await aptGet('install', '--quiet', '--yes', '--no-install-recommends', ...PACKAGES));
  } finally {
    if (ownPolicy) rmSync(POLICY);
  }
}

async function aptGet(...parameters: readonly string[]): Promise<number> {
  const child = spawn('apt-get', parameters, {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const [status] = await once(child, 'exit');
  return status ?? 1;
}
