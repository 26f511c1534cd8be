import { describe, expect, it } from 'vitest';
import { configDirectory } from './config-directory.ts';

describe('configDirectory', () => {
  it('takes JETSTREAM_CONFIG_DIR, then XDG_CONFIG_HOME, then ~/.config', () => {
    expect(configDirectory({ JETSTREAM_CONFIG_DIR: '/a', XDG_CONFIG_HOME: '/b', HOME: '/c' })).toBe('/a');
    expect(configDirectory({ XDG_CONFIG_HOME: '/b', HOME: '/c' })).toBe('/b/jetstream');
    expect(configDirectory({ HOME: '/c' })).toBe('/c/.config/jetstream');
  });

  it('ignores variables that are empty and a relative XDG_CONFIG_HOME', () => {
    expect(configDirectory({ JETSTREAM_CONFIG_DIR: '', XDG_CONFIG_HOME: 'b', HOME: '/c' })).toBe(
      '/c/.config/jetstream',
    );
  });
});
