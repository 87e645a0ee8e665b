"""A network on MNIST: from pixels to 98 %."""

from tutor.api import Goal, Lesson

LESSON = Lesson(
    id="mlp",
    order=120,
    module={"en": "Networks", "ko": "신경망"},
    title={"en": "MNIST, from pixels to 98%", "ko": "MNIST, 픽셀에서 98%까지"},
    summary={
        "en": "Handwritten digits, a network of 203,530 numbers, and the loop that trains it: "
        "nine pieces, each run on the real thing.",
        "ko": "손글씨 숫자, 203,530개의 수로 이루어진 신경망, 그리고 학습 루프. "
        "아홉 조각을 하나씩 실제로 실행하며 알아봅니다.",
    },
    minutes=60,
    goals=(
        Goal(
            "data",
            {
                "en": "say what a data set and a mini-batch hold, by shape and dtype",
                "ko": "데이터셋과 미니배치에 무엇이 들어 있는지 shape와 dtype으로 말합니다",
            },
        ),
        Goal(
            "model",
            {
                "en": "write an MLP as an nn.Module and count its parameters",
                "ko": "MLP를 nn.Module로 작성하고 파라미터 수를 셉니다",
            },
        ),
        Goal(
            "forward",
            {
                "en": "follow one image through the network to its probabilities and its loss",
                "ko": "이미지 한 장이 신경망을 지나 확률과 손실이 되기까지를 따라갑니다",
            },
        ),
        Goal(
            "evaluate",
            {
                "en": "measure a network without misleading yourself",
                "ko": "스스로 속지 않으면서 신경망의 성능을 잽니다",
            },
        ),
        Goal(
            "train",
            {
                "en": "write the training loop, and find by its curve what is wrong with it",
                "ko": "학습 루프를 작성하고, 손실 곡선을 보고 무엇이 잘못되었는지 찾습니다",
            },
        ),
        Goal(
            "rate",
            {
                "en": "recognise a learning rate that is too small, right, or too large",
                "ko": "학습률이 너무 작은지, 알맞은지, 너무 큰지 알아봅니다",
            },
        ),
        Goal(
            "limits",
            {
                "en": "say what an accuracy does not tell",
                "ko": "정확도가 말해 주지 않는 것이 무엇인지 말합니다",
            },
        ),
    ),
    out_of_scope={
        "en": "Convolutions, data augmentation, and how to fight overfitting.",
        "ko": "합성곱, 데이터 증강, 과적합을 줄이는 방법은 다루지 않습니다.",
    },
    sources=(
        "Y. LeCun, C. Cortes, C. Burges, The MNIST database, http://yann.lecun.com/exdb/mnist/",
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning, 1998",
        "K. He, X. Zhang, S. Ren, J. Sun, Delving Deep into Rectifiers, 2015, arXiv:1502.01852",
        "D. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, 2015, arXiv:1412.6980",
        "PyTorch documentation: torch.nn.CrossEntropyLoss, torch.utils.data, torch.optim",
    ),
    package="lessons.mlp",
)
