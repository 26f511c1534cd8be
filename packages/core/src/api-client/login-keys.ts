import type { SignLogin } from '@jetstream/api/client';
import { collectSigners, configDirectory, loginSignatureInput } from '@jetstream/auth';

/**
 * Signs a login with the keys that the user has: own identity, agent, `~/.ssh/id_ed25519`, or the one named.
 * @param options.identityFile offers this key and no other
 * @returns a function that throws JetStreamError when no key can be used
 */
export function loginKeys(options: { identityFile?: string; configDirectory?: string } = {}): SignLogin {
  return async (hash, user) => {
    const signers = await collectSigners({ configDirectory: configDirectory(), ...options });
    const input = loginSignatureInput(hash, user);
    const signed = await Promise.allSettled(
      signers.map(async (signer) => ({
        publicKey: signer.publicKeyBlob,
        signature: await signer.sign(input),
      })),
    );
    const offers = signed.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failure = signed.find((result) => result.status === 'rejected');
    if (offers.length === 0 && failure) throw failure.reason;
    return offers;
  };
}
