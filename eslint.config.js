import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import tseslint from 'typescript-eslint'

/**
 * What each package may import. A package that is missing from a list is a layer violation: dependencies point
 * down only, so that a STUN codec never drags in a peer connection.
 */
const layers = {
  bytes: [],
  crypto: ['bytes'],
  netsim: ['bytes'],
  sdp: ['bytes'],
  stun: ['bytes', 'crypto'],
  sctp: ['bytes', 'crypto'],
  turn: ['bytes', 'crypto', 'stun', 'dtls'],
  dtls: ['bytes', 'crypto'],
  ice: ['bytes', 'crypto', 'stun', 'turn'],
  'signaling-protocol': [],
  'signaling-client': ['signaling-protocol'],
  'signaling-server': ['bytes', 'signaling-protocol'],
  'peer-connection': [
    'bytes',
    'crypto',
    'sdp',
    'stun',
    'sctp',
    'turn',
    'dtls',
    'ice',
    'signaling-protocol',
    'signaling-client',
  ],
}

const siblingSource = {
  group: ['**/packages/*/src/**', '@purertc/*/src/**', '../../*/src/**', '../../../*/src/**'],
  message: 'Import the package by its name: a sibling’s src is private.',
}

const nodeBuiltins = {
  group: ['node:*'],
  message: 'A core has no ambient world: only a package’s node/ folder may import node:*.',
}

const ambientGlobals = [
  'Date',
  'performance',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'queueMicrotask',
  'crypto',
  'Buffer',
  'process',
  'fetch',
].map((name) => ({ name, message: 'A core has no ambient world: inject it, or move the code to node/.' }))

const layerRule = (name, allowed, extraPatterns) => {
  const forbidden = Object.keys(layers).filter((other) => other !== name && !allowed.includes(other))
  return [
    'error',
    {
      patterns: [
        siblingSource,
        ...(forbidden.length > 0
          ? [
              {
                group: forbidden.flatMap((other) => [`@purertc/${other}`, `@purertc/${other}/*`]),
                message: `@purertc/${name} stands below or beside that package (see the layers in eslint.config.js).`,
              },
            ]
          : []),
        ...extraPatterns,
      ],
    },
  ]
}

const nonNullAssertion = {
  selector: 'TSNonNullExpression > :not(MemberExpression[computed=true])',
  message: 'Non-null assertions are for indexed bytes only; give protocol state a type that cannot be null.',
}

/** Where a proof comes from: the one function whose review is worth the others'. */
const originsOfProofs = [
  'packages/stun/src/integrity.ts',
  'packages/stun/src/message-seal.ts',
  'packages/dtls/src/proofs/binder-verified.ts',
  'packages/dtls/src/proofs/finished-verified.ts',
  'packages/dtls/src/proofs/peer-authenticated.ts',
  'packages/dtls/src/proofs/peer-verified.ts',
  'packages/dtls/src/proofs/psk-mixed.ts',
  'packages/dtls/src/proofs/session-remembered.ts',
  'packages/dtls/src/proofs/signature-verified.ts',
]

const forgedProof = {
  selector:
    'TSAsExpression > TSTypeReference[typeName.name=/^(AuthenticatedMessage|SealedMessage|FinishedVerified|PeerAuthenticated|PeerVerified|PskMixed|SessionRemembered|SignatureVerified|TicketRemembered|BinderVerified|PskPremaster|PskScheduled)$/]',
  message: 'A proof is made where the check is made, and nowhere else.',
}

/** What the scripts of `.ci` and the configurations take from the runtime. */
const scriptGlobals = [
  'process',
  'console',
  'performance',
  'URL',
  'TextEncoder',
  'TextDecoder',
  'setInterval',
  'clearInterval',
]

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', 500],
      eqeqeq: 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': ['error', nonNullAssertion, forgedProof],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/prefer-literal-enum-member': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  ...Object.entries(layers).flatMap(([name, allowed]) => [
    {
      files: [`packages/${name}/src/**/*.ts`],
      rules: {
        'no-console': 'error',
        'no-restricted-imports': layerRule(name, allowed, []),
      },
    },
    {
      files: [`packages/${name}/src/**/*.ts`],
      ignores: [`packages/${name}/src/node/**`],
      rules: {
        'no-restricted-globals': ['error', ...ambientGlobals],
        'no-restricted-properties': [
          'error',
          { object: 'Math', property: 'random', message: 'Randomness is injected.' },
          { object: 'globalThis', property: 'crypto', message: 'Randomness is injected.' },
        ],
        'no-restricted-imports': layerRule(name, allowed, [nodeBuiltins]),
      },
    },
  ]),
  {
    files: ['packages/signaling-client/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@purertc/*'],
              allowTypeImports: true,
              message: 'A page loads this package alone: it may import types only.',
            },
          ],
        },
      ],
    },
  },
  { files: originsOfProofs, rules: { 'no-restricted-syntax': ['error', nonNullAssertion] } },
  {
    files: ['apps/demo-server/page/**/*.ts'],
    languageOptions: { parserOptions: { project: './apps/demo-server/tsconfig.page.json' } },
  },
  {
    files: ['packages/*/test/**/*.ts', 'apps/*/test/**/*.ts', 'packages/*/bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(scriptGlobals.map((name) => [name, 'readonly'])),
    },
  },
  prettier,
)
