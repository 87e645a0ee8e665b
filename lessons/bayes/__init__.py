"""Bayes' theorem: how a test changes what you believe."""

from tutor.api import Goal, Lesson

LESSON = Lesson(
    id="bayes",
    order=10,
    module={"en": "Probability", "ko": "확률"},
    title={"en": "Bayes' theorem", "ko": "베이즈 정리"},
    summary={
        "en": "A test is 99% sure, and still half of its alarms are false. "
        "Count people, then see why, and what a second test adds.",
        "ko": "99% 정확하다는 검사인데 양성의 절반 가까이가 틀립니다. "
        "사람 수를 세어 까닭을 알아보고, 한 번 더 검사하면 무엇이 달라지는지 봅니다.",
    },
    minutes=35,
    goals=(
        Goal(
            "invert",
            {
                "en": "tell P(ill | +) from P(+ | ill) and get one from the other",
                "ko": "P(병 | +)와 P(+ | 병)을 구별하고, 한쪽에서 다른 쪽을 구합니다",
            },
        ),
        Goal(
            "parts",
            {
                "en": "name prior, likelihood, evidence and posterior in a problem of your own",
                "ko": "새로운 문제에서 사전확률, 가능도, 증거, 사후확률을 찾아냅니다",
            },
        ),
        Goal(
            "update",
            {
                "en": "update a belief result by result, the posterior becoming the next prior",
                "ko": "사후확률을 다음 사전확률로 삼아 결과가 나올 때마다 믿음을 갱신합니다",
            },
        ),
        Goal(
            "prior",
            {
                "en": "say what the prior does to the answer, and what to do without one",
                "ko": "사전확률이 답을 어떻게 바꾸는지, 모를 때는 무엇을 말할 수 있는지 설명합니다",
            },
        ),
        Goal(
            "simulate",
            {
                "en": "check a probability by simulating it, and say how far off it may be",
                "ko": "시뮬레이션으로 확률을 검증하고 오차가 어느 정도인지 말합니다",
            },
        ),
        Goal(
            "likelihood",
            {
                "en": "tell a likelihood from a distribution, and update a Beta prior",
                "ko": "가능도와 분포를 구별하고 베타 사전분포를 갱신합니다",
            },
        ),
    ),
    out_of_scope={
        "en": "Bayesian networks, MCMC, and how to choose a prior well.",
        "ko": "베이즈 네트워크, MCMC, 사전분포를 잘 고르는 방법은 다루지 않습니다.",
    },
    sources=(
        "T. Bayes, An Essay towards solving a Problem in the Doctrine of Chances, 1763",
        "G. Gigerenzer, U. Hoffrage, How to improve Bayesian reasoning without instruction, 1995",
        "M. McDowell, P. Jacobs, Meta-analysis of natural frequencies and Bayesian reasoning, 2017",
        "P. Sedlmeier, G. Gigerenzer, Teaching Bayesian reasoning in less than two hours, 2001",
    ),
    package="lessons.bayes",
)
