# Write the food reviews of the package modeldata as CSV: Rscript reviews.R FILE
library(modeldata)
data(small_fine_foods)
reviews <- rbind(as.data.frame(training_data), as.data.frame(testing_data))
# five stars ("great") are positive, fewer are not
label <- ifelse(reviews$score == "great", "pos", "neg")
write.csv(data.frame(id = seq_len(nrow(reviews)), text = reviews$review, label = label, category = as.character(reviews$product)),
	commandArgs(trailingOnly = TRUE)[1], row.names = FALSE)
