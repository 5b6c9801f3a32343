// The gate in TeamCity, in the Kotlin of versioned settings: copy the step and the parameter. certgate must be on the agent's PATH, and the
// feature "Pull requests" must be on, which sets the parameter of the target.
import jetbrains.buildServer.configs.kotlin.BuildType
import jetbrains.buildServer.configs.kotlin.buildSteps.script

object Certgate : BuildType({
    name = "certgate"
    params {
        param("env.CERTGATE_TARGET", "%teamcity.pullRequest.target.branch%")
    }
    steps {
        script {
            scriptContent = "certgate check --deepen"
        }
    }
})
