import type { UserName } from "../../model.ts";
import { labelsOf, type GroupLabels, type Groups } from "./decide/choice.ts";
import type { SystemGroups } from "./system-groups.ts";

export interface MembershipsOptions {
  /** What members of a group ask for. */
  readonly groups: GroupLabels;
  /** Whether the sign-in's word counts. */
  readonly heedsSignIn: boolean;
}

/** The groups of users, by everybody's word that counts. */
export interface Memberships {
  /** `signedIn` is what the sign-in tells. */
  of(user: UserName, signedIn: readonly string[]): Promise<Groups>;
}

export function createMemberships(
  systemGroups: SystemGroups,
  { groups, heedsSignIn }: MembershipsOptions,
): Memberships {
  return {
    async of(user, signedIn) {
      const said = await systemGroups.of(user);
      const all = [
        ...(heedsSignIn ? signedIn : []).map((group) => ({ group, from: "sign-in" as const })),
        ...said.groups.map((group) => ({ group, from: "system" as const })),
      ];
      const memberships = all.map((each) => ({ ...each, labels: labelsOf(each.group, groups) }));
      return { memberships, trouble: said.trouble };
    },
  };
}
