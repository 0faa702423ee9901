// Full ES modules: NestJS is ESM-only, so tests run under --experimental-vm-modules (npm test sets it) and swc leaves import
// statements alone.
const swc = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    // Nest injects by the types that decorator metadata carries.
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/migrations'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  // dist/ holds a second copy of every module name.
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: {
    '^@rollgate/migrations$': '<rootDir>/migrations/index.ts',
    '^@rollgate/(limiter|nestjs)/testing$': '<rootDir>/libs/$1/src/testing.ts',
    '^@rollgate/(contract|client)/([^/]+)$': '<rootDir>/libs/$1/src/$2.ts',
    '^@rollgate/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    // TypeScript sources import './x.js'. Packages do too and have no .ts beside it: they fall through to the second.
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
  },
  globalSetup: '<rootDir>/libs/testing/jest-set-up.mjs',
  globalTeardown: '<rootDir>/libs/testing/jest-tear-down.mjs',
  reporters: ['default', '<rootDir>/apps/dev/bin/count-reporter.mjs'],
  maxWorkers: 2,
  testTimeout: 60_000,
};
