//! Which variables mean "this is CI", whether or not the system says more: the public list of vendors that the npm package `ci-info`
//! keeps, and the generic names.

use super::Variables;

/// A vendor, and how its jobs are known.
enum Mark {
    /// The variable is set.
    Set(&'static str),
    /// All of them are set.
    All(&'static [&'static str]),
    /// The variable has this value.
    Is(&'static str, &'static str),
}

/// Vendors without their own reader are here, too: in CI, nothing may be judged by the policy of what is checked out.
const VENDORS: &[(&str, Mark)] = &[
    ("Agola CI", Mark::Set("AGOLA_GIT_REF")),
    ("Alpic", Mark::Set("ALPIC_HOST")),
    ("Appcircle", Mark::Set("AC_APPCIRCLE")),
    ("AppVeyor", Mark::Set("APPVEYOR")),
    ("AWS CodeBuild", Mark::Set("CODEBUILD_BUILD_ARN")),
    ("AWS CodeBuild", Mark::Set("CODEBUILD_BUILD_ID")),
    ("Azure Pipelines", Mark::Set("TF_BUILD")),
    ("Azure Pipelines", Mark::Set("BUILD_BUILDURI")),
    ("Bamboo", Mark::Set("bamboo_planKey")),
    ("Bitbucket Pipelines", Mark::Set("BITBUCKET_COMMIT")),
    ("Bitbucket Pipelines", Mark::Set("BITBUCKET_BUILD_NUMBER")),
    ("Bitrise", Mark::Set("BITRISE_IO")),
    ("Buddy", Mark::Set("BUDDY_WORKSPACE_ID")),
    ("Buildkite", Mark::Set("BUILDKITE")),
    ("Capawesome Cloud", Mark::Set("CAPAWESOME_CLOUD")),
    ("CircleCI", Mark::Set("CIRCLECI")),
    ("Cirrus CI", Mark::Set("CIRRUS_CI")),
    ("Cloudflare Pages", Mark::Set("CF_PAGES")),
    ("Cloudflare Workers", Mark::Set("WORKERS_CI")),
    ("Codefresh", Mark::Set("CF_BUILD_ID")),
    ("Codemagic", Mark::Set("CM_BUILD_ID")),
    ("Codeship", Mark::Is("CI_NAME", "codeship")),
    ("Drone", Mark::Set("DRONE")),
    ("dsari", Mark::Set("DSARI")),
    ("Earthly", Mark::Set("EARTHLY_CI")),
    ("Expo Application Services", Mark::Set("EAS_BUILD")),
    ("Forgejo Actions", Mark::Set("FORGEJO_ACTIONS")),
    ("Gerrit", Mark::Set("GERRIT_PROJECT")),
    ("Gitea Actions", Mark::Set("GITEA_ACTIONS")),
    ("GitHub Actions", Mark::Set("GITHUB_ACTIONS")),
    ("GitLab CI", Mark::Set("GITLAB_CI")),
    ("GoCD", Mark::Set("GO_PIPELINE_LABEL")),
    ("Google Cloud Build", Mark::Set("BUILDER_OUTPUT")),
    ("Harness CI", Mark::Set("HARNESS_BUILD_ID")),
    ("Heroku", Mark::Is("NODE", "/app/.heroku/node/bin/node")),
    ("Hudson", Mark::Set("HUDSON_URL")),
    ("Jenkins", Mark::Set("JENKINS_URL")),
    ("LayerCI", Mark::Set("LAYERCI")),
    ("Magnum CI", Mark::Set("MAGNUM")),
    ("Netlify CI", Mark::Set("NETLIFY")),
    ("Nevercode", Mark::Set("NEVERCODE")),
    ("Prow", Mark::Set("PROW_JOB_ID")),
    ("ReleaseHub", Mark::Set("RELEASE_BUILD_ID")),
    ("Render", Mark::Set("RENDER")),
    ("RWX", Mark::Set("RWX")),
    ("Sail CI", Mark::Set("SAILCI")),
    ("Screwdriver", Mark::Set("SCREWDRIVER")),
    ("Semaphore", Mark::Set("SEMAPHORE")),
    ("Sourcehut", Mark::Is("CI_NAME", "sourcehut")),
    ("Strider CD", Mark::Set("STRIDER")),
    ("TaskCluster", Mark::All(&["TASK_ID", "RUN_ID"])),
    ("TeamCity", Mark::Set("TEAMCITY_VERSION")),
    ("Travis CI", Mark::Set("TRAVIS")),
    ("Vela", Mark::Set("VELA")),
    ("Vercel", Mark::Set("NOW_BUILDER")),
    ("Vercel", Mark::Set("VERCEL")),
    ("Visual Studio App Center", Mark::Set("APPCENTER_BUILD_ID")),
    ("Woodpecker", Mark::Is("CI", "woodpecker")),
    ("Xcode Cloud", Mark::Set("CI_XCODE_PROJECT")),
    ("Xcode Server", Mark::Set("XCS")),
];

/// Names that systems share.
const GENERIC: &[&str] = &[
    "CI",
    "CONTINUOUS_INTEGRATION",
    "BUILD_ID",
    "BUILD_NUMBER",
    "CI_APP_ID",
    "CI_BUILD_ID",
    "CI_BUILD_NUMBER",
    "CI_NAME",
    "RUN_ID",
];

/// What says that this is CI: the vendor, or the variable; `None` outside.
pub(crate) fn mark(variables: &Variables) -> Option<&'static str> {
    let vendor = VENDORS.iter().find(|(_, mark)| match mark {
        Mark::Set(name) => is_set(variables, name),
        Mark::All(names) => names.iter().all(|name| is_set(variables, name)),
        Mark::Is(name, value) => variables.get(*name).is_some_and(|found| found == value),
    });
    let generic = || GENERIC.iter().find(|name| is_set(variables, name)).copied();
    vendor.map(|(vendor, _)| *vendor).or_else(generic)
}

/// A number may be 0, and says that this is CI all the same.
fn is_set(variables: &Variables, name: &str) -> bool {
    variables
        .get(name)
        .is_some_and(|value| !matches!(value.as_str(), "" | "false"))
}
