import { writeFileSync } from 'node:fs';

/** A Jest reporter that writes the counts to a file, so that test.mjs can print them after all other output. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    // A suite that could not be loaded has no failed tests, so count it as one.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const file = process.env.ROLLGATE_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed }));
  }
}
