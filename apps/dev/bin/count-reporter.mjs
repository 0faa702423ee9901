import { writeFileSync } from 'node:fs';

/** Jest reporter: leaves the counts for test.mjs, which prints them after everything else. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    // A suite that could not even be loaded has no failed test of its own.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const file = process.env.ROLLGATE_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, JSON.stringify({ passed: results.numPassedTests, failed }));
  }
}
