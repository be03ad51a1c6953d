import { describe, expect, it } from "@jest/globals";
import { rebalancePolicy } from "../src/composition/rebalancing.ts";
import { parseConfig } from "../src/config.ts";
import { DEFAULT_POLICY } from "./support/plan-situations.ts";

const PLACE = { file: "/etc/multijhub/config.yaml", home: "/home/router" };

describe("the sections rebalance and idle", () => {
  it("have a default for everything, and the default stops nothing", () => {
    const { rebalance, idle } = parseConfig("", PLACE);
    expect(rebalance).toMatchObject({
      mode: "report",
      schedule: "*/10 * * * *",
      grace: 900_000,
      approve_within: 3_600_000,
      caps: { per_node: 3, per_run: 10, per_user_per_day: 1 },
    });
    expect(idle).toEqual({ after: 3_600_000, keep_for: 28_800_000 });
  });

  it("are, where they say nothing, what plans are tested with", () => {
    expect(rebalancePolicy(parseConfig("", PLACE))).toEqual(DEFAULT_POLICY);
  });

  it("leave hubs that nobody uses to plans, after the time of hub.stop_empty_after", () => {
    const text = "hub: {stop_empty_after: 2h}\nrebalance: {stop_empty_hubs: true}";
    expect(rebalancePolicy(parseConfig(text, PLACE))).toMatchObject({ emptyHubAfterMs: 7_200_000 });
  });

  it.each([
    ['rebalance: {schedule: "every day"}', /cron expression/],
    ["rebalance: {time_zone: Mars/Olympus}", /time zone/],
    ["rebalance: {hot_above: 0.5, cold_below: 0.6}", /cold_below/],
    ["rebalance: {mode: on}", /mode/],
    ["rebalance: {webhook: http://mail.example.org/hook}", /https URL/],
    ["idle: {ignore_tabs_after: never}", /a duration/],
    ["rebalance: {stop_empty_hubs_after: 1h}", /is no more: .*hub\.stop_empty_after/],
  ])("refuses %s", (text, words) => {
    expect(() => parseConfig(text, PLACE)).toThrow(words);
  });

  it.each(["https://mail.example.org/hook", "http://127.0.0.1:9000/", "http://[::1]:9000/"])(
    "tells owners by %s",
    (webhook) => {
      expect(parseConfig(`rebalance: {webhook: "${webhook}"}`, PLACE).rebalance).toMatchObject({ webhook });
    },
  );
});
