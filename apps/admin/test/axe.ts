/** Accessibility checks by axe-core. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Runs in the page. A violation of a rule names every element that it concerns. */
const REPORT = `({ violations }) => violations.flatMap((violation) =>
  violation.nodes.map(({ target, failureSummary }) => violation.id + ' ' + target + ': ' + failureSummary))`;

/** The violations on the page as it is now. `options`: of `axe.run`, e.g. the rules to check; all by default. */
export async function axeFindings(page: Page, options: object = {}): Promise<string[]> {
  await page.evaluate(`typeof axe === 'undefined' && (() => { ${AXE} })()`);
  return await page.evaluate(`axe.run(document, ${JSON.stringify(options)}).then(${REPORT})`);
}
