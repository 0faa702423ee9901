/** Child: makes so many decisions and no more, for what is weighed rather than timed. */
import type { ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { createTraffic } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface FixedWorkJob {
  readonly contender: ContenderName;
  readonly options: Omit<ContenderOptions, 'clock'>;
  readonly decisions: number;
  readonly callers: number;
}

childProgram<FixedWorkJob, { readonly decisions: number }>(async ({ contender: name, options, decisions, callers }) => {
  const contender = await createContender(name, options);
  await contender.open();
  const traffic = createTraffic({ distribution: 'uniform' });
  let left = decisions;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const rank = traffic.next();
      await contender.decide(traffic.accounts[rank] as string, traffic.subjects[rank] as string);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await contender.close();
  return { decisions };
});
