"""What a type checker finds: each line but the imports is a mistake; never run."""

import tfmlp

tfmlp.nonsense()
tfmlp.MLP(hiden_units=(3,))
tfmlp.load_dataset(7)
tfmlp.fit({"epochs": 3})
tfmlp.Config.from_options().optimization.learning_rat
tfmlp.fit(tfmlp.Config()).evaluate("test").acuracy
tfmlp.load_dataset("csv:a.csv", tagret="y")
tfmlp.fit(epochs=3)
tfmlp.MLP(hiden_units=3)
tfmlp.load_run("runs/third").evaluate(3)
tfmlp.load_run("runs/third").epochs[0].training
tfmlp.Dataset.from_arrays([[0.0]], [0], validaton=0.1)
tfmlp.make_train_step(tfmlp.MLP(), losses="cross_entropy")
tfmlp.load_run("runs/third").evaluate(([[0.0]], [0], [1]))
