import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const CLOCK_ONLY = "Take the time from Clock.";

export default defineConfig(
  { ignores: ["dist", "dist.*", "coverage", ".cache"] },
  {
    // Scripts (.mjs, .cjs) are without types: of them, only that they can be parsed is looked at.
    files: ["**/*.ts", "**/*.js"],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-console": "error",
      complexity: ["error", 10],
      "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
      "max-lines": ["error", { max: 300 }],
      "func-style": ["error", "declaration"],
    },
  },
  {
    // Outside io, time, randomness and the process come in through ports.
    files: ["src/**/*.ts"],
    ignores: ["src/**/io/**", "src/main.ts", "src/system.ts", "src/cli/**"],
    rules: {
      "no-restricted-globals": ["error", "process", "setTimeout", "setInterval", "setImmediate", "fetch"],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: CLOCK_ONLY },
        { object: "Math", property: "random", message: "Take randomness from a port." },
        { object: "AbortSignal", property: "timeout", message: CLOCK_ONLY },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CLOCK_ONLY },
      ],
    },
  },
  { files: ["test/**/*.ts"], rules: { "max-lines-per-function": "off", "max-lines": "off" } },
);
