/** Unit, property, simulation and fuzz tests, run on the sources. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@purertc/source', 'node'] },
  testMatch: ['<rootDir>/{packages,apps}/*/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['/dist/'],
  // For what hangs: a busy machine can be ten times slower.
  testTimeout: 180_000,
  maxWorkers: 2,
}
