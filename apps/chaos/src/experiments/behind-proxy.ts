import type { TcpProxy } from '@rollgate/testing';
import { openWorld, type Setting, type World } from './experiment.js';

/** Instances that reach their database through a proxy, which can disturb the network. */
export async function behindProxy(
  setting: Setting,
  { budgetMs }: { budgetMs: number },
): Promise<{ world: World; proxy: TcpProxy }> {
  const proxy = await setting.lab.proxy((await setting.lab.shared()).url);
  const urlOf = (direct: string) => proxy.through(direct);
  return { world: await openWorld(setting, { urlOf, limiter: { budgetMs } }), proxy };
}
